import { describe, expect, test } from '@jest/globals';
import { createSystem, GenServer, noreply, ok, type Pid, reply, send, spawn } from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

/**
 * A flood ends after this many messages: if the scheduler starves everything else, the test fails
 * instead of hanging.
 */
const tooMany = 2_000_000;

/** Keeps its messages. */
const logging = GenServer.define({
  init: (log: string[]) => ok(log),
  handleInfo: (message: string, log) => {
    log.push(message);
    return noreply(log);
  },
});

describe('turns', () => {
  test('a process never runs inside send', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    const server = await GenServer.start(system, logging, log);
    send(server, 'handled');
    log.push('sent');
    await settle(system);
    expect(log).toStrictEqual(['sent', 'handled']);
  });

  test('processes take turns in the order they became ready', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    const behaviour = GenServer.define({
      init: (name: string) => ok(name),
      handleInfo: (_: 'go', name) => {
        log.push(name);
        return noreply(name);
      },
    });
    const [a, b, c] = [
      await GenServer.start(system, behaviour, 'a'),
      await GenServer.start(system, behaviour, 'b'),
      await GenServer.start(system, behaviour, 'c'),
    ];
    for (const server of [b, c, a]) {
      send(server, 'go');
    }
    await settle(system);
    expect(log).toStrictEqual(['b', 'c', 'a']);
  });

  test('a process with many messages lets the others have their turn before it has handled all', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    const behaviour = GenServer.define({
      init: (name: string) => ok(name),
      handleInfo: (_: 'go', name) => {
        log.push(name);
        return noreply(name);
      },
    });
    const busy = await GenServer.start(system, behaviour, 'busy');
    const other = await GenServer.start(system, behaviour, 'other');
    for (let count = 0; count < 1000; count++) {
      send(busy, 'go');
    }
    send(other, 'go');
    await settle(system);
    expect(log).toHaveLength(1001);
    expect(log.indexOf('other')).toBeGreaterThan(0);
    expect(log.indexOf('other')).toBeLessThan(100);
  });

  test('messages that are slow to handle end the turn early, though those before were fast', async () => {
    const system = createSystem();
    let handled = 0;
    const slow = GenServer.define({
      init: () => ok(null),
      handleInfo: (ms: number, state) => {
        const until = performance.now() + ms;
        while (performance.now() < until) {
          // Holds the thread.
        }
        handled += 1;
        return noreply(state);
      },
    });
    const server = await GenServer.start(system, slow, undefined);
    // A fast turn: the next one may be long.
    send(server, 0);
    await new Promise(setImmediate);
    for (let count = 0; count < 16; count += 1) {
      send(server, 5);
    }
    await new Promise(setImmediate);
    expect(handled - 1).toBeLessThanOrEqual(4);
    await system.stop();
  });

  test('a message after an idle time of any length is handled before the event loop goes on', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    const server = await GenServer.start(system, logging, log);
    // The thread is blocked for longer than a slice; then the event loop makes a round.
    const until = performance.now() + 10;
    while (performance.now() < until);
    await new Promise(setImmediate);
    send(server, 'handled');
    setImmediate(() => log.push('event loop'));
    await new Promise(setImmediate);
    expect(log).toStrictEqual(['handled', 'event loop']);
  });

  test('a process that keeps itself busy does not take the turns of the others', async () => {
    const system = createTestSystem();
    let rounds = 0;
    let isOver = false;
    const flooding = GenServer.define({
      init: () => ok(undefined),
      handleInfo: (_: 'again', state, self) => {
        rounds += 1;
        if (!isOver && rounds < tooMany) {
          send(self.pid, 'again');
        }
        return noreply(state);
      },
    });
    const flood = await GenServer.start(system, flooding, undefined);
    send(flood, 'again');
    spawn(system, () => {
      isOver = true;
    });
    await settle(system);
    expect(rounds).toBeLessThan(1000);
  });

  test('settle waits for all that processes cause in one another', async () => {
    const system = createTestSystem();
    const visited: number[] = [];
    const hop = GenServer.define({
      init: (next: Pid<number> | undefined) => ok(next),
      handleInfo: async (number: number, next) => {
        await undefined;
        visited.push(number);
        if (next !== undefined) {
          send(next, number + 1);
        }
        return noreply(next);
      },
    });
    let first: Pid<number> | undefined;
    for (let count = 0; count < 100; count++) {
      first = await GenServer.start(system, hop, first);
    }
    send(first as Pid<number>, 1);
    await settle(system);
    expect(visited).toHaveLength(100);
  });
});

describe('the rest of the program gets its turn', () => {
  /** Two servers send one message to and fro until `isOver`; resolves with the number of times. */
  async function pingPong(isOver: () => boolean): Promise<number> {
    const system = createSystem();
    const ended = Promise.withResolvers<number>();
    let rounds = 0;
    const behaviour = GenServer.define({
      init: () => ok(undefined),
      handleInfo: (ball: readonly [Pid<never>, Pid<never>], state) => {
        rounds += 1;
        const [from, to] = ball as unknown as readonly [Player, Player];
        if (isOver() || rounds >= tooMany) {
          ended.resolve(rounds);
        } else {
          send(to, [to, from]);
        }
        return noreply(state);
      },
    });
    type Player = Pid<readonly [Pid<never>, Pid<never>]>;
    const a = await GenServer.start(system, behaviour, undefined);
    const b = await GenServer.start(system, behaviour, undefined);
    send(a, [a, b]);
    return ended.promise;
  }

  /** A process calls a server again and again until `isOver`; resolves with the number of calls. */
  async function callChain(isOver: () => boolean): Promise<number> {
    const system = createSystem();
    const server = await GenServer.start(
      system,
      GenServer.define({
        init: () => ok(undefined),
        handleCall: { ping: (_, state) => reply('pong', state) },
      }),
      undefined,
    );
    return new Promise((resolve) => {
      spawn(system, async () => {
        let rounds = 0;
        while (!isOver() && rounds < tooMany) {
          await GenServer.call(server, 'ping');
          rounds += 1;
        }
        resolve(rounds);
      });
    });
  }

  /** A process sends itself messages until `isOver`; resolves with the number of messages. */
  function receiveChain(isOver: () => boolean): Promise<number> {
    const system = createSystem();
    return new Promise((resolve) => {
      spawn<number>(system, async (self) => {
        let rounds = 0;
        while (!isOver() && rounds < tooMany) {
          send(self.pid, rounds);
          rounds += (await self.receive((message) => message === rounds)) === rounds ? 1 : tooMany;
        }
        resolve(rounds);
      });
    });
  }

  const floods = [
    ['a flood of messages', pingPong],
    ['a chain of awaited calls', callChain],
    ['a chain of awaited receives', receiveChain],
  ] as const;

  test.each(floods)('%s does not starve a timer', async (_, flood) => {
    let isOver = false;
    setTimeout(() => {
      isOver = true;
    }, 1);
    expect(await flood(() => isOver)).toBeLessThan(tooMany);
    expect(isOver).toBe(true);
  });

  test.each(floods)('%s does not starve setImmediate', async (_, flood) => {
    let isOver = false;
    setImmediate(() => {
      isOver = true;
    });
    expect(await flood(() => isOver)).toBeLessThan(tooMany);
    expect(isOver).toBe(true);
  });

  test('a flood of messages does not starve the timers of its own system', async () => {
    const system = createSystem();
    let isOver = false;
    spawn(system, async (self) => {
      await self.receive({ timeout: 1 });
      isOver = true;
    });
    expect(await pingPong(() => isOver)).toBeLessThan(tooMany);
    expect(isOver).toBe(true);
  });
});

test('the caller goes on when its call is answered, however busy another process is', async () => {
  const system = createSystem();
  let handled = 0;
  const flood = GenServer.define({
    init: (_: undefined) => ok(0),
    handleInfo: (message: 'again', state, self) => {
      handled += 1;
      send(self.pid as Pid<'again'>, message);
      return noreply(state);
    },
  });
  const echo = GenServer.define({
    init: (_: undefined) => ok(0),
    handleCall: { echo: (value: number, state) => reply(value, state) },
  });
  send(await GenServer.start(system, flood, undefined), 'again');
  const server = await GenServer.start(system, echo, undefined);
  const before = handled;
  for (let call = 0; call < 100; call += 1) {
    expect(await GenServer.call(server, 'echo', call)).toBe(call);
  }
  // Each call waits for a turn or two of the flood, and not for a whole slice.
  expect(handled - before).toBeLessThan(100 * 200);
  await system.stop();
});
