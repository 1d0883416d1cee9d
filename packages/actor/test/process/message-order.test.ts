import { describe, expect, test } from '@jest/globals';
import {
  crash,
  exit,
  type ExitMessage,
  GenServer,
  isAlive,
  kill,
  monitor,
  name,
  noreply,
  ok,
  type Pid,
  reply,
  send,
  spawn,
  trapExit,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { drain, idleProcess, type Log, recordingProcess } from '../support/processes.ts';

describe('order of messages', () => {
  test('MB01 the messages of one sender are read in the order sent', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const p = await recordingProcess(system, log, 'P');
    const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
    spawn(system, () => {
      for (const number of numbers) {
        send(p.pid, number);
      }
    });
    await settle(system);
    expect(log).toStrictEqual(numbers.map((number) => ['P', number]));
  });

  test('MB02 the runs of two senders are each read in order', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const p = await recordingProcess(system, log, 'P');
    for (const sender of ['S', 'T']) {
      spawn(system, async () => {
        for (let number = 1; number <= 50; number++) {
          send(p.pid, [sender, number]);
          await undefined;
        }
      });
    }
    await settle(system);
    const read = log.map(([, message]) => message as [string, number]);
    expect(read).toHaveLength(100);
    for (const sender of ['S', 'T']) {
      const numbers = read.filter(([name]) => name === sender).map(([, number]) => number);
      expect(numbers).toStrictEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    }
  });

  test('MB03 a process reads its messages to itself in order', async () => {
    const system = createTestSystem();
    const read: string[] = [];
    spawn<string>(system, async (self) => {
      for (const message of ['a', 'b', 'c']) {
        send(self.pid, message);
      }
      for (let count = 0; count < 3; count++) {
        read.push(await self.receive());
      }
    });
    await settle(system);
    expect(read).toStrictEqual(['a', 'b', 'c']);
  });
});

describe('dropped messages', () => {
  test('MB04 a message to a process that has ended is dropped', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    exit(system, p.pid, kill);
    expect(send(p.pid, 'hi')).toBe(true);
    expect(p.messageQueueLen).toBe(0);
  });

  test('MB05 sending to a name that no process has is an error of the sender', () => {
    const system = createTestSystem();
    const free = name<Pid<string>>('free').in(system);
    expect(() => send(free, 'hi')).toThrow(
      new Error('Expected a registered name to send to, got "free"'),
    );
  });

  test('MB09 the messages of a process that ends are dropped silently', async () => {
    const system = createTestSystem();
    const log: Log = [];
    await recordingProcess(system, log, 'sender');
    const p = await idleProcess(system);
    send(p.pid, 'a');
    send(p.pid, 'b');
    expect(p.messageQueueLen).toBe(2);
    exit(system, p.pid, kill);
    await settle(system);
    expect(p.messageQueueLen).toBe(0);
    expect(log).toStrictEqual([]);
    expect(system.reports).toStrictEqual([]);
  });

  test('MB16 a message is not copied: its receiver sees the changes of its sender', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const message = { count: 1 };
    send(p.pid, message);
    message.count = 2;
    const [received] = await drain(p);
    expect(received).toBe(message);
    expect(received).toStrictEqual({ count: 2 });
  });
});

describe('receive', () => {
  test('MB06 messages that do not match stay, in order', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    for (const message of ['a', 'x', 'b']) {
      send(p.pid, message);
    }
    expect(await p.receive((message) => message === 'x')).toBe('x');
    expect(await drain(p)).toStrictEqual(['a', 'b']);
  });

  test('MB06 each receive takes the oldest that matches, wherever it stands', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
    for (const letter of letters) {
      send(p.pid, letter);
    }
    const wanted = ['h', 'a', 'j', 'e', 'b'];
    for (const letter of wanted) {
      expect(await p.receive((message) => message === letter)).toBe(letter);
    }
    expect(await p.receive((message) => (message as string) > 'c')).toBe('d');
    expect(await drain(p)).toStrictEqual(['c', 'f', 'g', 'i']);
  });

  test('MB06 a receive that waits looks at each message once, and leaves the others', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const seen: unknown[] = [];
    send(p.pid, 'a');
    send(p.pid, 'b');
    const waiting = p.receive((message) => {
      seen.push(message);
      return message === 'x';
    });
    for (const message of ['c', 'd', 'x', 'e']) {
      await settle(system);
      send(p.pid, message);
    }
    expect(await waiting).toBe('x');
    expect(seen).toStrictEqual(['a', 'b', 'c', 'd', 'x']);
    expect(await drain(p)).toStrictEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('MB06 the first receive of a process finds the messages that came before it ran', async () => {
    const system = createTestSystem();
    const got: unknown[] = [];
    const pid = spawn<string>(system, async (self) => {
      got.push(await self.receive((message) => message === 'x'), await self.receive());
    });
    send(pid, 'a');
    send(pid, 'x');
    await settle(system);
    expect(got).toStrictEqual(['x', 'a']);
  });

  test('MB06 messages stay in order for any number of receives', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const left: number[] = [];
    for (let n = 0; n < 300; n += 3) {
      for (const message of [n, n + 1, n + 2]) {
        send(p.pid, message);
        left.push(message);
      }
      const wanted = left[(n * 7) % left.length];
      expect(await p.receive((message) => message === wanted)).toBe(wanted);
      left.splice(left.indexOf(wanted as number), 1);
      expect(await p.receive()).toBe(left.shift());
    }
    expect(await drain(p)).toStrictEqual(left);
  });

  test('MB07 with timeout 0 an empty mailbox is not waited for', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    expect(await p.receive({ timeout: 0 })).toBeUndefined();
    expect(system.clock.now()).toBe(0);
  });

  test('MB07 with timeout 0 it does not wait for a matching message among others either', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    send(p.pid, 'a');
    expect(await p.receive((message) => message === 'x', { timeout: 0 })).toBeUndefined();
    expect(await drain(p)).toStrictEqual(['a']);
  });

  test('MB08 with timeout 0 a message that is there is taken', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    send(p.pid, 'a');
    send(p.pid, 'x');
    expect(await p.receive((message) => message === 'x', { timeout: 0 })).toBe('x');
    expect(await p.receive({ timeout: 0 })).toBe('a');
  });
});

describe('messages, casts and calls', () => {
  type Tellable = GenServer.Server<unknown, { readonly tell: { readonly payload: string } }>;

  /** A server that logs the messages that it handles; in `busy` it awaits the gate. */
  function logging(log: Log, gate: Promise<void> = Promise.resolve()) {
    return GenServer.define({
      init: () => ok(undefined),
      handleCall: {
        ask: (text: string, state) => {
          log.push(['call', text]);
          return reply(text.toUpperCase(), state);
        },
        askSelf: (_, state, __, self) => {
          log.push(['call', 'askSelf']);
          GenServer.cast(self.pid as unknown as Tellable, 'tell', 'from itself');
          return reply('done', state);
        },
        sendFirst: (caller: Pid<string>, state) => {
          send(caller, 'sent before the reply');
          return reply('replied', state);
        },
      },
      handleCast: {
        busy: async (_, state) => {
          await gate;
          log.push(['cast', 'busy']);
          return noreply(state);
        },
        tell: (text: string, state) => {
          log.push(['cast', text]);
          return noreply(state);
        },
      },
      handleInfo: (text: string, state) => {
        log.push(['info', text]);
        return noreply(state);
      },
    });
  }

  test('MB10 a busy server handles a message, a cast and a call in the order sent', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const gate = Promise.withResolvers<void>();
    const server = await GenServer.start(system, logging(log, gate.promise), undefined);
    GenServer.cast(server, 'busy');
    send(server, 'm1');
    GenServer.cast(server, 'tell', 'c1');
    const answer = GenServer.call(server, 'ask', 'q1');
    send(server, 'm2');
    await settle(system);
    expect(log).toStrictEqual([]);
    gate.resolve();
    expect(await answer).toBe('Q1');
    await settle(system);
    expect(log).toStrictEqual([
      ['cast', 'busy'],
      ['info', 'm1'],
      ['cast', 'c1'],
      ['call', 'q1'],
      ['info', 'm2'],
    ]);
  });

  test('MB11 a message of a server to itself is handled after the callback and the queued messages', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const server = await GenServer.start(system, logging(log), undefined);
    const answer = GenServer.call(server, 'askSelf');
    send(server, 'queued');
    expect(await answer).toBe('done');
    await settle(system);
    expect(log).toStrictEqual([
      ['call', 'askSelf'],
      ['info', 'queued'],
      ['cast', 'from itself'],
    ]);
  });

  test('MB12 a message that a server sends before it replies is there before the reply', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const server = await GenServer.start(system, logging([]), undefined);
    spawn<string>(system, async (self) => {
      const answer = await GenServer.call(server, 'sendFirst', self.pid);
      log.push([answer, self.messageQueueLen], ['received', await self.receive({ timeout: 0 })]);
    });
    await settle(system);
    expect(log).toStrictEqual([
      ['replied', 1],
      ['received', 'sent before the reply'],
    ]);
  });

  test('MB13 a call takes nothing from the mailbox of its caller', async () => {
    const system = createTestSystem();
    const server = await GenServer.start(system, logging([]), undefined);
    const caller = await idleProcess(system);
    send(caller.pid, 'a');
    send(caller.pid, 'b');
    expect(await GenServer.call(server, 'ask', 'hi')).toBe('HI');
    send(caller.pid, 'c');
    expect(await drain(caller)).toStrictEqual(['a', 'b', 'c']);
  });

  test('MB14 an exit signal that is trapped does not end a call: it waits in the mailbox', async () => {
    const system = createTestSystem();
    const gate = Promise.withResolvers<void>();
    const server = await GenServer.start(system, logging([], gate.promise), undefined);
    const log: Log = [];
    GenServer.cast(server, 'busy');
    const caller = spawn<ExitMessage>(system, async (self) => {
      trapExit(self, true);
      log.push(['answer', await GenServer.call(server, 'ask', 'hi')]);
      log.push(['received', await self.receive()]);
    });
    await settle(system);
    exit(system, caller, crash('hey'));
    await settle(system);
    expect(log).toStrictEqual([]);
    gate.resolve();
    await settle(system);
    expect(log).toStrictEqual([
      ['answer', 'HI'],
      ['received', { type: 'EXIT', pid: system.pid, reason: crash('hey') }],
    ]);
  });

  test('MB15 an exit signal ends a caller that waits; the server goes on, its reply is dropped', async () => {
    const system = createTestSystem();
    const gate = Promise.withResolvers<void>();
    const log: Log = [];
    const server = await GenServer.start(system, logging(log, gate.promise), undefined);
    const asking = GenServer.define({
      init: () => ok('none'),
      handleInfo: async (_: 'go') => noreply(await GenServer.call(server, 'ask', 'hi')),
      terminate: (reason, state) => void log.push(['terminate', [reason, state]]),
    });
    const caller = await GenServer.start(system, asking, undefined);
    const watcher = await recordingProcess(system, log, 'watcher');
    monitor(watcher, caller);
    GenServer.cast(server, 'busy');
    send(caller, 'go');
    await settle(system);
    exit(system, caller, crash('hey'));
    await settle(system);
    gate.resolve();
    await settle(system);
    send(caller, 'go');
    await settle(system);
    expect([isAlive(server), isAlive(caller)]).toStrictEqual([true, false]);
    expect(
      log.map(([name, message]) => [name, (message as { reason?: unknown }).reason ?? message]),
    ).toStrictEqual([
      ['watcher', crash('hey')],
      ['cast', 'busy'],
      ['call', 'hi'],
    ]);
  });
});
