import { describe, expect, test } from '@jest/globals';
import {
  crash,
  demonitor,
  exit,
  type ExitReason,
  GenServer,
  isAlive,
  link,
  type MailboxOptions,
  monitor,
  name,
  noreply,
  normal,
  ok,
  type Pid,
  processInfo,
  register,
  reply,
  send,
  shutdown,
  spawn,
  spawnLink,
  spawnMonitor,
  sys,
  type System,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import fc from 'fast-check';

import { BoundedMailbox } from '../../src/process/mailbox.ts';
import { outcome } from '../support/outcome.ts';
import { drain, forever, type Log, recordingProcess } from '../support/processes.ts';
import { reportingSystem } from '../support/reporting-system.ts';

type Overflow = MailboxOptions['overflow'];

const overflowAt = (capacity: number): ExitReason => ({ type: 'mailboxOverflow', capacity });

/** A process that takes no message before `open`, which resolves with the messages taken. */
function holder(
  system: System,
  mailbox: MailboxOptions,
): { pid: Pid<unknown>; open(): Promise<unknown[]> } {
  const gate = Promise.withResolvers<void>();
  const taken = Promise.withResolvers<unknown[]>();
  const pid = spawn<unknown>(
    system,
    async (self) => {
      trapExit(self, true);
      await gate.promise;
      taken.resolve(await drain(self));
      await forever();
    },
    { mailbox },
  );
  return {
    pid,
    open: () => {
      gate.resolve();
      return taken.promise;
    },
  };
}

/** Collects the payloads of its casts; traps exits. */
const collector = GenServer.define({
  init: (_: undefined, self) => {
    trapExit(self, true);
    return ok<unknown[]>([]);
  },
  handleCall: { get: (_, kept) => reply(kept, kept) },
  handleCast: { keep: (value: number, kept) => noreply([...kept, value]) },
  handleInfo: (message: unknown, kept) => noreply([...kept, message]),
});

describe('the policies', () => {
  test.each([
    ['dropNewest', [1, 2], [true, true, true, true]],
    ['dropOldest', [3, 4], [true, true, true, true]],
    ['reject', [1, 2], [true, true, false, false]],
  ] as const)('%s keeps %j of four messages to a mailbox of two', async (overflow, kept, sent) => {
    const system = createTestSystem();
    const { pid, open } = holder(system, { capacity: 2, overflow });
    await settle(system);
    expect([1, 2, 3, 4].map((message) => send(pid, message))).toStrictEqual(sent);
    expect(processInfo(pid)).toMatchObject({
      messageQueueLen: 2,
      mailbox: { capacity: 2, overflow, dropped: 2 },
    });
    expect(await open()).toStrictEqual(kept);
  });

  test.each([
    ['dropNewest', [1, 2]],
    ['dropOldest', [3, 4]],
    ['reject', [1, 2]],
  ] as const)('%s holds for the casts of a server, too', async (overflow, kept) => {
    const system = createTestSystem();
    const mailbox = { capacity: 2, overflow };
    const server = await GenServer.start(system, collector, undefined, { mailbox });
    for (const value of [1, 2, 3, 4]) {
      GenServer.cast(server, 'keep', value);
    }
    expect(processInfo(server)?.mailbox?.dropped).toBe(2);
    expect(await sys.getState(server)).toStrictEqual(kept);
  });

  test('a receive that waits is given the message that dropOldest makes room for', async () => {
    const system = createTestSystem();
    const got: number[] = [];
    const pid = spawn<number>(
      system,
      async (self) => {
        got.push(await self.receive((message) => message === 3));
      },
      { mailbox: { capacity: 2, overflow: 'dropOldest' } },
    );
    await settle(system);
    send(pid, 1);
    send(pid, 2);
    await settle(system);
    send(pid, 3);
    await settle(system);
    expect(got).toStrictEqual([3]);
  });

  test('a receive that waits looks only at messages that dropOldest has left', async () => {
    const system = createTestSystem();
    const seen: unknown[] = [];
    const pid = spawn<number>(
      system,
      async (self) => {
        await self.receive((message) => {
          seen.push(message);
          return message === 9;
        });
      },
      { mailbox: { capacity: 2, overflow: 'dropOldest' } },
    );
    await settle(system);
    for (const message of [1, 2, 3, 4]) {
      send(pid, message);
    }
    await settle(system);
    expect(seen).toStrictEqual([3, 4]);
    send(pid, 9);
    await settle(system);
    expect(isAlive(pid)).toBe(false);
  });

  test('a receive that waits finds a message that comes after others were flushed', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const flushed = Promise.withResolvers<void>();
    const ended = spawn(system, () => {});
    await settle(system);
    const pid = spawn<unknown>(
      system,
      async (self) => {
        const refs = [monitor(self, ended), monitor(self, ended), monitor(self, ended)];
        const waiting = self.receive((message) => message === 'wanted');
        await flushed.promise;
        for (const ref of refs) {
          demonitor(self, ref, { flush: true });
        }
        log.push(await waiting, self.messageQueueLen);
      },
      { mailbox: { capacity: 2, overflow: 'reject' } },
    );
    send(pid, 'other');
    await settle(system);
    flushed.resolve();
    await settle(system);
    send(pid, 'wanted');
    await settle(system);
    expect(log).toStrictEqual(['wanted', 1]);
  });

  test('a signal that was taken counts for nothing any more', async () => {
    const system = createTestSystem();
    const ended = spawn(system, () => {});
    await settle(system);
    const pid = spawn<unknown>(
      system,
      async (self) => {
        monitor(self, ended);
        await self.receive();
        await forever();
      },
      { mailbox: { capacity: 1, overflow: 'reject' } },
    );
    await settle(system);
    expect([send(pid, 1), send(pid, 2)]).toStrictEqual([true, false]);
  });

  test('exit ends the process with mailboxOverflow at the first message too many', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const watcher = await recordingProcess(system, log, 'watcher');
    const mailbox = { capacity: 2, overflow: 'exit' } as const;
    const { pid, ref } = spawnMonitor<number>(watcher, forever, { mailbox });
    await settle(system);
    expect([send(pid, 1), send(pid, 2)]).toStrictEqual([true, true]);
    expect(isAlive(pid)).toBe(true);
    expect(send(pid, 3)).toBe(true);
    expect(isAlive(pid)).toBe(false);
    await settle(system);
    expect(log).toStrictEqual([['watcher', { type: 'DOWN', ref, pid, reason: overflowAt(2) }]]);
  });

  test('exit gives mailboxOverflow to links, monitors and open calls of a server', async () => {
    const system = createTestSystem();
    const log: [string, unknown][] = [];
    const watcher = await recordingProcess(system, log, 'watcher', { traps: true });
    const mailbox = { capacity: 1, overflow: 'exit' } as const;
    const server = await GenServer.startLink(watcher, collector, undefined, { mailbox });
    const ref = monitor(watcher, server);
    const waiting = outcome(GenServer.call(server, 'get'));
    const surplus = outcome(GenServer.call(server, 'get'));
    const reason = overflowAt(1);
    expect(await Promise.all([waiting, surplus])).toStrictEqual([
      { exit: reason },
      { exit: reason },
    ]);
    await settle(system);
    expect(log).toStrictEqual([
      ['watcher', { type: 'EXIT', pid: server, reason }],
      ['watcher', { type: 'DOWN', ref, pid: server, reason }],
    ]);
  });

  test('a process that takes a message has room for one more', async () => {
    const system = createTestSystem();
    const log: [string, unknown][] = [];
    const pid = spawn<number>(
      system,
      async (self) => {
        for (;;) {
          log.push(['got', await self.receive()]);
        }
      },
      { mailbox: { capacity: 1, overflow: 'reject' } },
    );
    for (const message of [1, 2, 3]) {
      expect(send(pid, message)).toBe(true);
      expect(send(pid, -message)).toBe(false);
      await settle(system);
    }
    expect(log).toStrictEqual([
      ['got', 1],
      ['got', 2],
      ['got', 3],
    ]);
  });

  test('spawnLink and spawnMonitor bound the mailbox, too', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'reject' } as const;
    const watcher = await recordingProcess(system, [], 'watcher');
    for (const pid of [
      spawnLink<number>(watcher, forever, { mailbox }),
      spawnMonitor<number>(watcher, forever, { mailbox }).pid,
    ]) {
      expect([send(pid, 1), send(pid, 2)]).toStrictEqual([true, false]);
    }
  });

  test('a mailbox without bounds has no counts', async () => {
    const system = createTestSystem();
    expect(processInfo(spawn(system, forever))?.mailbox).toBeUndefined();
  });

  test('send to a process that has ended is no rejection', async () => {
    const system = createTestSystem();
    const pid = spawn<number>(system, () => {}, { mailbox: { capacity: 1, overflow: 'reject' } });
    await settle(system);
    expect([send(pid, 1), send(pid, 2)]).toStrictEqual([true, true]);
  });
});

describe('a call that finds no room', () => {
  test.each(['dropNewest', 'reject'] as const)(
    'fails at once with mailboxOverflow under %s, and the server runs on',
    async (overflow) => {
      const system = createTestSystem();
      const mailbox = { capacity: 1, overflow };
      const server = await GenServer.start(system, collector, undefined, { mailbox });
      GenServer.cast(server, 'keep', 1);
      expect(await outcome(GenServer.call(server, 'get'))).toStrictEqual({ exit: overflowAt(1) });
      // On a loaded machine the server has its first turn later than this.
      await settle(system);
      expect(await GenServer.call(server, 'get')).toStrictEqual([1]);
    },
  );

  test('fails at once with mailboxOverflow when it is the oldest and is dropped', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'dropOldest' } as const;
    const server = await GenServer.start(system, collector, undefined, { mailbox });
    const early = outcome(GenServer.call(server, 'get'));
    GenServer.cast(server, 'keep', 1);
    expect(await early).toStrictEqual({ exit: overflowAt(1) });
    // Otherwise the next call would drop the cast.
    await settle(system);
    expect(await GenServer.call(server, 'get')).toStrictEqual([1]);
  });

  test('names the call and the server, with the reason', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'reject' } as const;
    const server = await GenServer.start(system, collector, undefined, {
      mailbox,
      name: 'collector',
    });
    GenServer.cast(server, 'keep', 1);
    await expect(GenServer.call(server, 'get')).rejects.toThrow(
      'call "get" to collector: the mailbox is full, at 1 messages',
    );
  });

  test('fails a request, too', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow: 'reject' } as const;
    const server = await GenServer.start(system, collector, undefined, { mailbox });
    GenServer.cast(server, 'keep', 1);
    const request = GenServer.sendRequest(server, 'get');
    expect(await GenServer.receiveResponse(request)).toStrictEqual({
      type: 'error',
      reason: overflowAt(1),
      server,
    });
  });
});

describe('messages of the system', () => {
  const policies: readonly Overflow[] = ['dropNewest', 'dropOldest', 'reject', 'exit'];

  test.each(policies)(
    'EXIT and DOWN get into a full mailbox under %s, and drop no message',
    async (overflow) => {
      const system = createTestSystem();
      const { pid, open } = holder(system, { capacity: 1, overflow });
      await settle(system);
      const dying = spawn(system, async (self) => {
        link(self, pid);
        await forever();
      });
      await settle(system);
      send(pid, 'mine');
      exit(system, dying, crash('bang'));
      exit(system, pid, shutdown);
      expect(processInfo(pid)).toMatchObject({ messageQueueLen: 3, mailbox: { dropped: 0 } });
      expect(await open()).toStrictEqual([
        'mine',
        { type: 'EXIT', pid: dying, reason: crash('bang') },
        { type: 'EXIT', pid: system.pid, reason: shutdown },
      ]);
    },
  );

  test.each(policies)(
    'a mailbox full of them has room for a message under %s',
    async (overflow) => {
      const system = createTestSystem();
      const { pid, open } = holder(system, { capacity: 1, overflow });
      await settle(system);
      const signal = { type: 'EXIT', pid: system.pid, reason: shutdown };
      exit(system, pid, shutdown);
      exit(system, pid, shutdown);
      expect(send(pid, 'mine')).toBe(true);
      expect(isAlive(pid)).toBe(true);
      expect(await open()).toStrictEqual([signal, signal, 'mine']);
    },
  );

  test('dropOldest drops the oldest message, never an older signal', async () => {
    const system = createTestSystem();
    const { pid, open } = holder(system, { capacity: 1, overflow: 'dropOldest' });
    await settle(system);
    exit(system, pid, shutdown);
    send(pid, 'old');
    exit(system, pid, normal);
    send(pid, 'new');
    expect(await open()).toStrictEqual([
      { type: 'EXIT', pid: system.pid, reason: shutdown },
      { type: 'EXIT', pid: system.pid, reason: normal },
      'new',
    ]);
  });

  test.each(policies)('an order to stop gets into a full mailbox under %s', async (overflow) => {
    const system = createTestSystem();
    const mailbox = { capacity: 1, overflow };
    const server = await GenServer.start(system, collector, undefined, { mailbox });
    GenServer.cast(server, 'keep', 1);
    await GenServer.stop(server);
    expect(isAlive(server)).toBe(false);
  });

  test.each(policies)(
    'a DOWN of a server and a sys request get in, too, under %s',
    async (overflow) => {
      const system = createTestSystem();
      const watching = GenServer.define({
        init: (target: Pid, self) => {
          monitor(self, target);
          return ok<string[]>([]);
        },
        handleInfo: (message: { readonly type: string }, seen) => noreply([...seen, message.type]),
      });
      const target = spawn(system, forever);
      const server = await GenServer.start(system, watching, target, {
        mailbox: { capacity: 1, overflow },
      });
      send(server, { type: 'mine' });
      exit(system, target, shutdown);
      expect(await sys.getState(server)).toStrictEqual(['mine', 'DOWN']);
      expect(processInfo(server)?.mailbox?.dropped).toBe(0);
    },
  );

  test.each(policies)('the idle timeout does not count under %s', async (overflow) => {
    const system = createTestSystem();
    const idling = GenServer.define({
      init: () => ok<unknown[], never>([], { timeout: 10 }),
      handleInfo: (message: unknown, seen) => noreply([...seen, message]),
    });
    const server = await GenServer.start(system, idling, undefined, {
      mailbox: { capacity: 1, overflow },
    });
    // It falls due while a system request keeps the server busy, and is in the mailbox when the
    // message comes.
    await sys.suspend(server);
    await advance(system, 10);
    expect(processInfo(server)?.messageQueueLen).toBe(1);
    expect(send(server, 'mine')).toBe(true);
    await sys.resume(server);
    expect(await sys.getState(server)).toStrictEqual([{ type: 'timeout' }, 'mine']);
  });
});

describe('bad options', () => {
  const start = {
    spawn: (mailbox: MailboxOptions): unknown => spawn(createTestSystem(), forever, { mailbox }),
    'GenServer.start': (mailbox: MailboxOptions): unknown =>
      GenServer.start(createTestSystem(), collector, undefined, { mailbox }),
  };

  const bad = [
    [0, 'reject', RangeError, 'a whole number from 1 on, got 0'],
    [-1, 'reject', RangeError, 'a whole number from 1 on, got -1'],
    [1.5, 'reject', RangeError, 'a whole number from 1 on, got 1.5'],
    [Infinity, 'reject', RangeError, 'a whole number from 1 on, got Infinity'],
    ['7', 'reject', RangeError, 'a whole number from 1 on, got "7"'],
    [1, 'drop', TypeError, '"dropNewest" or "dropOldest" or "reject" or "exit", got "drop"'],
    [1, undefined, TypeError, '"dropNewest" or "dropOldest" or "reject" or "exit", got undefined'],
  ] as const;

  test.each(bad)(
    'capacity %p with overflow %p is refused by spawn',
    (capacity, overflow, kind, text) => {
      const mailbox = { capacity, overflow } as MailboxOptions;
      expect(() => start.spawn(mailbox)).toThrow(kind);
      expect(() => start.spawn(mailbox)).toThrow(text);
    },
  );

  test.each(bad)(
    'capacity %p with overflow %p is refused by GenServer.start',
    async (capacity, overflow, kind, text) => {
      const mailbox = { capacity, overflow } as MailboxOptions;
      await expect(start['GenServer.start'](mailbox)).rejects.toThrow(kind);
      await expect(start['GenServer.start'](mailbox)).rejects.toThrow(text);
    },
  );

  test('a start that is refused leaves no process and takes no name', async () => {
    const system = createTestSystem();
    const mailbox = { capacity: 0, overflow: 'reject' } as const;
    await outcome(GenServer.start(system, collector, undefined, { mailbox, name: 'collector' }));
    const server = await GenServer.start(system, collector, undefined, { name: 'collector' });
    expect(processInfo(server)?.name).toBe('collector');
  });
});

describe('BoundedMailbox', () => {
  type Step =
    | 'push'
    | 'pushSystem'
    | 'shift'
    | 'removeOldest'
    | 'removeAt'
    | 'removeWhere'
    | 'clear';

  interface Message {
    readonly id: number;
    readonly isSystem: boolean;
  }

  const steps: fc.Arbitrary<readonly (readonly [Step, number])[]> = fc.array(
    fc.tuple(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom<Step>('push', 'pushSystem') },
        { weight: 4, arbitrary: fc.constantFrom<Step>('shift', 'removeOldest', 'removeAt') },
        { weight: 1, arbitrary: fc.constantFrom<Step>('removeWhere', 'clear') },
      ),
      fc.nat({ max: 100 }),
    ),
    { maxLength: 150 },
  );

  /** The result of one step on the array; `undefined` when the mailbox cannot do the step. */
  function stepOfModel(model: Message[], kind: Step, n: number): Message | undefined {
    const message = { id: n, isSystem: kind === 'pushSystem' };
    switch (kind) {
      case 'push':
      case 'pushSystem':
        model.push(message);
        return message;
      case 'shift':
        return model.shift();
      case 'removeAt':
        return model.splice(n % Math.max(1, model.length), 1)[0];
      case 'removeOldest': {
        const oldest = model.findIndex(({ isSystem }) => !isSystem);
        return oldest === -1 ? undefined : model.splice(oldest, 1)[0];
      }
      case 'removeWhere':
        model.splice(0, Infinity, ...model.filter(({ id }) => id % 2 !== n % 2));
        return undefined;
      case 'clear':
        model.length = 0;
        return undefined;
      default:
        return kind satisfies never;
    }
  }

  /** The same step on the mailbox; `message` is the one that the array gave or took. */
  function stepOfMailbox(
    box: BoundedMailbox,
    kind: Step,
    n: number,
    message: Message | undefined,
  ): unknown {
    switch (kind) {
      case 'removeWhere':
        box.removeWhere((kept) => (kept as Message).id % 2 === n % 2);
        return undefined;
      case 'clear':
        box.clear();
        return undefined;
      case 'push':
      case 'pushSystem':
        box[kind](message as Message);
        return message;
      case 'removeAt':
        return message && box.removeAt(n % box.length);
      case 'shift':
      case 'removeOldest':
        return message && box[kind]();
      default:
        return kind satisfies never;
    }
  }

  test('agrees with an array for any steps: order, length, and whether it is full', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 12 }), (todo, capacity) => {
        const box = new BoundedMailbox({ capacity, overflow: 'reject' });
        const model: Message[] = [];
        for (const [kind, n] of todo) {
          const message = stepOfModel(model, kind, n);
          expect(stepOfMailbox(box, kind, n, message)).toBe(message);
          expect(box.length).toBe(model.length);
          expect(model.map((_, at) => box.at(at))).toStrictEqual(model);
          expect(box.isFull()).toBe(model.filter(({ isSystem }) => !isSystem).length >= capacity);
        }
      }),
    );
  });

  interface Fate {
    readonly kept: readonly number[];
    readonly answers: readonly boolean[];
  }

  /** The expected effect of each policy on `count` messages that are not taken. */
  function fateOf(overflow: Overflow, capacity: number, count: number): Fate {
    const all = Array.from({ length: count }, (_, index) => index);
    const kept = overflow === 'dropOldest' ? all.slice(-capacity) : all.slice(0, capacity);
    return { kept, answers: all.map((n) => overflow !== 'reject' || n < capacity) };
  }

  test('a process has the messages that its policy keeps, for any capacity and any number', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Overflow>('dropNewest', 'dropOldest', 'reject'),
        fc.integer({ min: 1, max: 9 }),
        fc.nat({ max: 25 }),
        async (overflow, capacity, count) => {
          const system = createTestSystem();
          const { pid, open } = holder(system, { capacity, overflow });
          await settle(system);
          const answers = Array.from({ length: count }, (_, index) => send(pid, index));
          const dropped = processInfo(pid)?.mailbox?.dropped;
          expect({ kept: await open(), answers }).toStrictEqual(fateOf(overflow, capacity, count));
          expect(dropped).toBe(Math.max(0, count - capacity));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('the high-water mark', () => {
  test('is reported once for each process, with its name and the number of messages', async () => {
    const { system, reports } = reportingSystem({ highWaterMark: 3 });
    const slow = spawn<number>(system, async (self) => {
      for (;;) {
        await self.receive((n) => n === 0);
      }
    });
    register(system, name('slow'), slow);
    for (let round = 0; round < 3; round++) {
      for (const message of [1, 2, 3, 0]) {
        send(slow, message);
      }
      await settle(system);
    }
    expect(reports).toStrictEqual([
      { level: 'warn', message: 'slow has 3 messages waiting', details: { messages: 3 } },
    ]);
  });

  test('is not reported again after the mailbox was empty', async () => {
    const { system, reports } = reportingSystem({ highWaterMark: 2 });
    const pid = spawn<number>(system, async (self) => {
      for (;;) {
        await self.receive();
      }
    });
    for (let round = 0; round < 3; round++) {
      send(pid, 1);
      send(pid, 2);
      await settle(system);
    }
    expect(reports.map(({ message }) => message)).toStrictEqual([
      `${String(pid)} has 2 messages waiting`,
    ]);
  });

  test('is reported for each process that reaches it, and for no other', async () => {
    const { system, reports } = reportingSystem({ highWaterMark: 2 });
    const [a, b, c] = [1, 2, 3].map(() => spawn<number>(system, forever)) as [
      Pid<number>,
      Pid<number>,
      Pid<number>,
    ];
    send(a, 1);
    send(b, 1);
    send(c, 1);
    send(a, 2);
    send(b, 2);
    expect(reports.map(({ message }) => message)).toStrictEqual([
      `${String(a)} has 2 messages waiting`,
      `${String(b)} has 2 messages waiting`,
    ]);
  });

  test('is reported also when a signal brought the mailbox there', async () => {
    const { system, reports } = reportingSystem({ highWaterMark: 2 });
    const pid = spawn<number>(system, async (self) => {
      trapExit(self, true);
      await forever();
    });
    await settle(system);
    send(pid, 1);
    exit(system, pid, shutdown);
    send(pid, 2);
    expect(reports).toHaveLength(1);
  });

  test('a logger that throws does not reach the sender', async () => {
    const broken = (): never => {
      throw new Error('the disk is full');
    };
    const { system } = reportingSystem({
      highWaterMark: 1,
      logger: { error: broken, warn: broken },
    });
    const pid = spawn<number>(system, forever);
    expect(send(pid, 1)).toBe(true);
  });

  test('is at 100,000 messages by default', async () => {
    const { system, reports } = reportingSystem();
    const pid = spawn<number>(system, forever);
    for (let count = 1; count < 100_000; count++) {
      send(pid, count);
    }
    expect(reports).toStrictEqual([]);
    send(pid, 100_000);
    expect(reports).toHaveLength(1);
  });
});
