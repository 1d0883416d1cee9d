import { describe, expect, jest, test } from '@jest/globals';
import {
  crash,
  createSystem,
  demonitor,
  exit,
  ExitError,
  GenServer,
  isAlive,
  kill,
  killed,
  link,
  monitor,
  noproc,
  noreply,
  normal,
  ok,
  type Pid,
  type Process,
  processes,
  processInfo,
  type Receiver,
  send,
  sendAfter,
  spawn,
  spawnLink,
  spawnMonitor,
} from '@reprise/actor';
import {
  advance,
  createTestSystem,
  type Report,
  settle,
  virtualClock,
} from '@reprise/actor/testing';

import { cellOf } from '../../src/process/cell.ts';
import { collectGarbage } from '../support/garbage.ts';
import {
  drain,
  exitReasonOf,
  exitingProcess,
  forever,
  idleProcess,
  type Log,
  recordingProcess,
} from '../support/processes.ts';

describe('spawn', () => {
  test('it returns before the function has begun', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    spawn(system, () => void log.push('began'));
    log.push('spawned');
    await settle(system);
    expect(log).toStrictEqual(['spawned', 'began']);
  });

  test('processes begin in the order spawned', async () => {
    const system = createTestSystem();
    const log: number[] = [];
    for (const number of [1, 2, 3]) {
      spawn(system, () => void log.push(number));
    }
    await settle(system);
    expect(log).toStrictEqual([1, 2, 3]);
  });

  test('messages sent before the function has begun are there when it does', async () => {
    const system = createTestSystem();
    const seen: unknown[] = [];
    const pid = spawn<string>(system, async (self) => {
      seen.push(self.messageQueueLen, await self.receive(), await self.receive());
    });
    send(pid, 'a');
    send(pid, 'b');
    await settle(system);
    expect(seen).toStrictEqual([2, 'a', 'b']);
  });

  test('self knows its pid and its system', async () => {
    const system = createTestSystem();
    let seen: Process | undefined;
    const pid = spawn(system, (self) => {
      seen = self;
    });
    await settle(system);
    expect(seen?.pid).toBe(pid);
    expect(seen?.system).toBe(system);
  });

  test('no pid is given twice', async () => {
    const system = createTestSystem();
    const first = spawn(system, () => undefined);
    await settle(system);
    const second = spawn(system, () => undefined);
    expect([system.pid.id, first.id, second.id]).toStrictEqual([1, 2, 3]);
    expect(String(second)).toBe('#Pid<3>');
  });

  test('a process outlives the one that spawned it', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    const child = spawn(parent, forever);
    exit(system, parent.pid, kill);
    await settle(system);
    expect(isAlive(child)).toBe(true);
  });

  test('spawnLink links both ways', async () => {
    const system = createTestSystem();
    const parent = await idleProcess(system);
    const child = spawnLink(parent, forever);
    exit(system, parent.pid, kill);
    expect(isAlive(child)).toBe(false);
  });

  test('a value that is no function is refused', () => {
    const system = createTestSystem();
    expect(() => spawn(system, 'body' as never)).toThrow(
      new TypeError('Expected a function (self) => …, got "body"'),
    );
  });

  test('a value that is no process cannot be a parent', () => {
    expect(() => spawn({} as never, () => undefined)).toThrow(
      new TypeError('Expected parent to be a process, got {}'),
    );
  });

  test('a crash is reported once, with the error', async () => {
    const system = createTestSystem();
    const error = new Error('boom');
    spawn(system, async () => {
      await undefined;
      throw error;
    });
    await settle(system);
    expect(system.reports).toMatchObject([
      { level: 'error', message: 'process #Pid<2> crashed: Error: boom', details: { err: error } },
    ]);
  });

  test('an end by exit(self, reason) is not reported, for any reason', async () => {
    const system = createTestSystem();
    spawn(system, (self) => exit(self, { type: 'timeout' }));
    spawn(system, (self) => exit(self, normal));
    await settle(system);
    expect(system.reports).toStrictEqual([]);
  });

  test.each([
    [
      'at once',
      () => {
        throw new Error('boom');
      },
    ],
    [
      'after an await',
      async () => {
        await undefined;
        throw new Error('boom');
      },
    ],
  ])(
    'a process that crashes %s ends with its own reason, though the logger throws',
    async (_, body) => {
      const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
      const broken = (): never => {
        throw new Error('the disk is full');
      };
      const system = createSystem({
        clock: virtualClock(),
        logger: { error: broken, warn: broken },
        slowCallback: Infinity,
      });
      const log: Log = [];
      const m = await recordingProcess(system, log, 'M');
      const { pid, ref } = spawnMonitor(m, body);
      await settle(system);
      const reason = crash(new Error('boom'));
      expect(log).toStrictEqual([['M', { type: 'DOWN', ref, pid, reason }]]);
      expect(written.mock.calls).toStrictEqual([
        ['the logger failed: Error: the disk is full\nprocess #Pid<3> crashed: Error: boom'],
      ]);
    },
  );

  test('a logger whose promise rejects goes to stderr, and leaves no rejection', async () => {
    const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = (): Promise<never> => Promise.reject(new Error('the disk is full'));
    const logger = { error: broken, warn: broken };
    const system = createSystem({ clock: virtualClock(), logger, slowCallback: Infinity });
    spawn(system, () => {
      throw new Error('boom');
    });
    await settle(system);
    expect(written.mock.calls).toStrictEqual([
      ['the logger failed: Error: the disk is full\nprocess #Pid<2> crashed: Error: boom'],
    ]);
  });
});

describe('signal', () => {
  test('it aborts when the process ends, with the reason', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const { signal } = p;
    expect(signal.aborted).toBe(false);
    exit(system, p.pid, crash('bye'));
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(ExitError);
    expect((signal.reason as ExitError).reason).toStrictEqual(crash('bye'));
  });

  test('first read after the end, it is aborted', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    exit(system, p.pid, kill);
    expect(p.signal.aborted).toBe(true);
    expect(exitReasonOf(p)).toStrictEqual(killed);
  });

  test('it aborts after the EXIT and DOWN messages are delivered', async () => {
    const system = createTestSystem();
    const q = await idleProcess(system, { traps: true });
    const p = await idleProcess(system);
    link(q, p.pid);
    monitor(q, p.pid);
    const queued: number[] = [];
    p.signal.addEventListener('abort', () => {
      queued.push(q.messageQueueLen);
    });
    exit(system, p.pid, kill);
    expect(queued).toStrictEqual([2]);
  });
});

describe('receive', () => {
  test('it takes the oldest message', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    send(p.pid, 'a');
    send(p.pid, 'b');
    expect(await p.receive()).toBe('a');
    expect(p.messageQueueLen).toBe(1);
  });

  test('it waits for a message to come', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const p = await recordingProcess(system, log, 'P');
    await settle(system);
    expect(log).toStrictEqual([]);
    send(p.pid, 'a');
    await settle(system);
    expect(log).toStrictEqual([['P', 'a']]);
  });

  test('it waits for one that matches, and leaves the others in order', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    send(p.pid, 1);
    const text = p.receive((message) => typeof message === 'string');
    send(p.pid, 2);
    await settle(system);
    send(p.pid, 'found');
    send(p.pid, 3);
    expect(await text).toBe('found');
    expect(await drain(p)).toStrictEqual([1, 2, 3]);
  });

  test('a message is asked once whether it matches', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const asked: unknown[] = [];
    send(p.pid, 1);
    send(p.pid, 2);
    const three = p.receive((message) => {
      asked.push(message);
      return message === 3;
    });
    await settle(system);
    send(p.pid, 3);
    expect(await three).toBe(3);
    expect(asked).toStrictEqual([1, 2, 3]);
  });

  test('it finds messages that are sent while the function runs', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    spawn<string>(system, async (self) => {
      const first = self.receive();
      send(self.pid, 'a');
      log.push(await first);
      const second = self.receive();
      send(self.pid, 'b');
      log.push(await second);
    });
    await settle(system);
    expect(log).toStrictEqual(['a', 'b']);
  });

  test('with an empty mailbox it has no turn before those that get a message first', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const first = await recordingProcess(system, log, 'first');
    const second = await recordingProcess(system, log, 'second');
    const sender = spawn<string>(system, async (self) => {
      await self.receive();
      send(second.pid, 'b');
      send(first.pid, 'c');
    });
    await settle(system);
    send(first.pid, 'a');
    send(sender, 'go');
    await settle(system);
    expect(log).toStrictEqual([
      ['first', 'a'],
      ['second', 'b'],
      ['first', 'c'],
    ]);
  });

  test('with timeout 0 it answers at once, also to a process that has just begun', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    spawn<string>(system, async (self) => {
      log.push(await self.receive({ timeout: 0 }));
      send(self.pid, 'a');
      log.push(await self.receive({ timeout: 0 }), await self.receive({ timeout: 0 }));
    });
    await settle(system);
    expect(log).toStrictEqual([undefined, 'a', undefined]);
  });

  test('it finds a message after others were flushed while it waited', async () => {
    const system = createTestSystem();
    const p = await exitingProcess(system);
    const m = await idleProcess(system);
    const ref = monitor(m, p.pid);
    exit(system, p.pid, kill);
    const found = m.receive((message) => message === 'x');
    await settle(system);
    demonitor(m, ref, { flush: true });
    send(m.pid, 'x');
    let received: unknown;
    void found.then((message) => {
      received = message;
    });
    await settle(system);
    expect(received).toBe('x');
  });

  test('an error of `match` rejects the receive, and the message stays', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const receiving = p.receive(() => {
      throw new Error('no match');
    });
    send(p.pid, 'a');
    await expect(receiving).rejects.toThrow(new Error('no match'));
    expect(await p.receive()).toBe('a');
  });

  test('a second one while the first waits is an error', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const first = p.receive();
    expect(() => p.receive()).toThrow(
      new Error('#Pid<2> is already waiting in receive: await it before the next one'),
    );
    send(p.pid, 'a');
    expect(await first).toBe('a');
  });
});

describe('receive with a timeout', () => {
  /** The time and the result of a receive with a timeout of 100 ms. */
  async function receiving(match?: (message: unknown) => boolean) {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const ended: unknown[] = [];
    void p.receive(match, { timeout: 100 }).then((message) => {
      ended.push(system.clock.now(), message);
    });
    return { system, p, ended };
  }

  test('it answers undefined when the time is up, not sooner', async () => {
    const { system, ended } = await receiving();
    await advance(system, 99);
    expect(ended).toStrictEqual([]);
    await advance(system, 1);
    expect(ended).toStrictEqual([100, undefined]);
  });

  test('it answers a message that comes in time, and the time does not run on', async () => {
    const { system, p, ended } = await receiving();
    await advance(system, 99);
    send(p.pid, 'a');
    await settle(system);
    expect(ended).toStrictEqual([99, 'a']);
    const next = p.receive();
    await advance(system, 1000);
    send(p.pid, 'b');
    expect(await next).toBe('b');
  });

  test('messages that do not match do not prolong it', async () => {
    const { system, p, ended } = await receiving((message) => message === 'x');
    await advance(system, 60);
    send(p.pid, 'a');
    await advance(system, 40);
    expect(ended).toStrictEqual([100, undefined]);
    expect(await drain(p)).toStrictEqual(['a']);
  });

  test('a message that is there when the time is up is taken', async () => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    // Both are due at once: the message is in the mailbox at the timeout, but P has had no turn
    // yet.
    sendAfter(p.pid, 'a', 100);
    const receiving = p.receive({ timeout: 100 });
    await advance(system, 100);
    expect(await receiving).toBe('a');
  });

  test.each([-1, 1.5, Number.NaN, 'soon'])('%p is no timeout', async (timeout) => {
    const system = createTestSystem();
    const p = await idleProcess(system);
    expect(() => p.receive({ timeout: timeout as number })).toThrow(RangeError);
    send(p.pid, 'a');
    expect(await p.receive()).toBe('a');
  });
});

describe('a process that is killed while it awaits', () => {
  /** P awaits a promise of the test, then runs `then`. */
  async function awaiting(then: (self: Receiver<unknown>) => unknown) {
    const system = createTestSystem();
    const gate = Promise.withResolvers<void>();
    let p: Receiver<unknown> | undefined;
    spawn<unknown>(system, async (self) => {
      p = self;
      await gate.promise;
      await then(self);
    });
    await settle(system);
    return { system, gate, p: p as Receiver<unknown> };
  }

  test('ends at once, not when the promise that it awaits settles', async () => {
    const { system, p } = await awaiting(() => undefined);
    exit(system, p.pid, kill);
    expect(isAlive(p.pid)).toBe(false);
  });

  test('is reported once: its late return changes nothing', async () => {
    const { system, gate, p } = await awaiting(() => undefined);
    const log: Log = [];
    const ref = monitor(await recordingProcess(system, log, 'M'), p.pid);
    exit(system, p.pid, kill);
    gate.resolve();
    await settle(system);
    expect(log).toStrictEqual([['M', { type: 'DOWN', ref, pid: p.pid, reason: killed }]]);
    expect(exitReasonOf(p)).toStrictEqual(killed);
  });

  test('may throw late: no message, no report, no unhandled rejection', async () => {
    const { system, gate, p } = await awaiting(() => undefined);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    exit(system, p.pid, kill);
    gate.reject(new Error('late'));
    await settle(system);
    await settle(system);
    process.off('unhandledRejection', note);
    expect(unhandled).toStrictEqual([]);
    expect(system.reports).toStrictEqual([]);
    expect(exitReasonOf(p)).toStrictEqual(killed);
  });

  test('does not go on after a receive that it waited in', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const p = await recordingProcess(system, log, 'P');
    exit(system, p.pid, kill);
    send(p.pid, 'late');
    await settle(system);
    expect(log).toStrictEqual([]);
  });

  test('does not go on after a receive whose time is up', async () => {
    const log: string[] = [];
    const { system, gate, p } = await awaiting(async (self) => {
      await self.receive({ timeout: 100 });
      log.push('went on');
    });
    gate.resolve();
    await settle(system);
    exit(system, p.pid, kill);
    await advance(system, 1000);
    expect(log).toStrictEqual([]);
  });

  test.each([0, 100])('receives no more messages, with a timeout of %p ms', async (timeout) => {
    const log: unknown[] = [];
    const { system, gate, p } = await awaiting(async (self) => {
      log.push(await self.receive({ timeout }));
    });
    exit(system, p.pid, kill);
    gate.resolve();
    await advance(system, 1000);
    expect(log).toStrictEqual([]);
  });

  test('may throw later in the same callback: terminate does not run, nothing is reported', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    const server = await GenServer.start(
      system,
      GenServer.define({
        init: () => ok(undefined),
        handleInfo: (_: 'go', _state, self) => {
          exit(self, self.pid, kill);
          throw new Error('late');
        },
        terminate: () => void log.push('terminate'),
      }),
      undefined,
    );
    send(server, 'go');
    await settle(system);
    expect(isAlive(server)).toBe(false);
    expect(log).toStrictEqual([]);
    expect(system.reports).toStrictEqual([]);
  });

  test('handles every message that it has taken before the end', async () => {
    const system = createTestSystem();
    const log: string[] = [];
    const p = spawn<string>(system, async (self) => {
      log.push(await self.receive());
    });
    const killer = GenServer.define({
      init: () => ok(undefined),
      handleInfo: (_: 'now', state, self) => {
        exit(self, p, kill);
        log.push('killed');
        return noreply(state);
      },
    });
    const server = await GenServer.start(system, killer, undefined);
    send(p, 'handled');
    send(server, 'now');
    await settle(system);
    expect(log.at(-1)).toBe('killed');
  });
});

describe('the actions of a process that has ended', () => {
  /** P has ended, but its code runs on; Q is alive, and traps exits. */
  async function zombie() {
    const system = createTestSystem();
    const log: Log = [];
    const p = await idleProcess(system);
    const q = await recordingProcess(system, log, 'Q', { traps: true });
    exit(system, p.pid, kill);
    return { system, log, p, q };
  }

  test('links to nothing', async () => {
    const { system, log, p, q } = await zombie();
    link(p, q.pid);
    await settle(system);
    expect(cellOf(q.pid).links).toStrictEqual([]);
    expect(log).toStrictEqual([]);
  });

  test('monitors nothing', async () => {
    const { system, p, q } = await zombie();
    const ref = monitor(p, q.pid);
    expect(demonitor(p, ref, { info: true })).toBe(false);
    exit(system, q.pid, kill);
    expect(p.messageQueueLen).toBe(0);
  });

  test('sends no exit signal', async () => {
    const { system, log, p, q } = await zombie();
    exit(p, q.pid, kill);
    exit(p, q.pid, crash('late'));
    await settle(system);
    expect(isAlive(q.pid)).toBe(true);
    expect(log).toStrictEqual([]);
  });

  test('end no process by exit(self, reason)', async () => {
    const { p } = await zombie();
    expect(() => exit(p, crash('late'))).toThrow(ExitError);
    expect(exitReasonOf(p)).toStrictEqual(killed);
  });

  test.each([
    ['spawn', spawn],
    ['spawnLink', spawnLink],
    ['spawnMonitor', spawnMonitor],
  ])('starts nothing: %s throws noproc', async (_, start) => {
    const { system, log, p } = await zombie();
    const ran: string[] = [];
    expect(() => start(p, () => void ran.push('ran'))).toThrow(
      new ExitError(noproc, 'the parent has ended'),
    );
    await settle(system);
    expect(ran).toStrictEqual([]);
    expect(log).toStrictEqual([]);
  });

  test('starts no server: the start is rejected with noproc', async () => {
    const { p } = await zombie();
    const behaviour = GenServer.define({ init: () => ok(0) });
    await expect(GenServer.startLink(p, behaviour, undefined)).rejects.toMatchObject({
      name: 'ExitError',
      reason: noproc,
    });
  });
});

describe('a process that has ended', () => {
  /**
   * Two processes are linked to each other and monitor each other; the first ends. Returns a
   * WeakRef to it.
   */
  async function survivor() {
    const system = createTestSystem();
    const p = await idleProcess(system);
    const q = await idleProcess(system, { traps: true });
    link(p, q.pid);
    monitor(p, q.pid);
    monitor(q, p.pid);
    exit(system, p.pid, crash('p'));
    // A message that names the process keeps it reachable.
    expect(await drain(q)).toHaveLength(2);
    return { system, q, ended: new WeakRef(p) };
  }

  test('is not kept in memory by a process that it was linked to, or that monitored it or was monitored by it', async () => {
    const { system, q, ended } = await survivor();
    await collectGarbage();
    expect(isAlive(q.pid)).toBe(true);
    expect(ended.deref()).toBeUndefined();
    await settle(system);
  });

  /** Each process starts the next and ends; only the last lives. Returns WeakRefs to the others. */
  async function generations(count: number) {
    const system = createTestSystem();
    const ended: WeakRef<Process>[] = [];
    const body = async (self: Receiver<never>): Promise<void> => {
      if (ended.length === count) {
        await self.receive();
      }
      ended.push(new WeakRef(self));
      spawn<never>(self, body);
    };
    spawn<never>(system, body);
    await settle(system);
    return { system, ended };
  }

  test('is not kept in memory by the processes that it started', async () => {
    const { system, ended } = await generations(100);
    await collectGarbage();
    expect(processes(system)).toHaveLength(2);
    expect(ended).toHaveLength(100);
    expect(ended.filter((ref) => ref.deref() !== undefined)).toEqual([]);
    await settle(system);
  });

  test('is no ancestor in a report, and no parent', async () => {
    const system = createTestSystem();
    let child: Pid<string> | undefined;
    spawn(system, (self) => {
      child = spawn<string>(self, async (own) => {
        await own.receive();
        throw new Error('boom');
      });
    });
    await settle(system);
    expect(processInfo(child as Pid)).toMatchObject({ parent: undefined });
    send(child as Pid<string>, 'go');
    await settle(system);
    expect(system.reports).toMatchObject([{ details: { ancestors: [] } }]);
  });

  test('of the living ancestors a report names the nearest 20', async () => {
    const system = createTestSystem();
    const nested =
      (level: number) =>
      (self: Process): Promise<void> => {
        if (level === 0) {
          return Promise.reject(new Error('boom'));
        }
        spawn(self, nested(level - 1));
        return new Promise(() => undefined);
      };
    spawn(system, nested(50));
    await settle(system);
    const [{ details }] = system.reports as [Report];
    const { ancestors } = details as { readonly ancestors: readonly string[] };
    expect(ancestors).toHaveLength(21);
    expect(ancestors.at(-1)).toBe('…');
  });
});
