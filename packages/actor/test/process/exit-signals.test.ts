import { describe, expect, test } from '@jest/globals';
import {
  crash,
  exit,
  ExitError,
  type ExitReason,
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
  type Receiver,
  register,
  send,
  shutdown,
  shutdownWith,
  spawn,
  spawnLink,
  trapExit,
  unlink,
  whereis,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { cellOf } from '../../src/process/cell.ts';
import {
  drain,
  exitReasonOf,
  exitingProcess,
  idleProcess,
  type Log,
  recordingProcess,
} from '../support/processes.ts';

const crashed = crash('boom');
const bye = crash('bye');

interface Linked {
  readonly system: TestSystem;
  readonly log: Log;
  /** Exits with the reason it is sent. */
  readonly p: Receiver<unknown>;
  /** Logs its messages; linked to P. */
  readonly q: Receiver<unknown>;
}

interface Unlinked {
  readonly system: TestSystem;
  readonly log: Log;
  /** Logs its messages. */
  readonly p: Receiver<unknown>;
  /** A process that is not linked to P. */
  readonly sender: Receiver<unknown>;
}

interface Options {
  /** Whether the logging process traps exits. */
  readonly traps: boolean;
}

async function linked({ traps }: Options): Promise<Linked> {
  const system = createTestSystem();
  const log: Log = [];
  const p = await exitingProcess(system);
  const q = await recordingProcess(system, log, 'Q', { traps });
  link(p, q.pid);
  return { system, log, p, q };
}

async function unlinked({ traps }: Options): Promise<Unlinked> {
  const system = createTestSystem();
  const log: Log = [];
  const p = await recordingProcess(system, log, 'P', { traps });
  const sender = await idleProcess(system);
  return { system, log, p, sender };
}

const exitOf = (process: { readonly pid: Pid }, reason: ExitReason): object => ({
  type: 'EXIT',
  pid: process.pid,
  reason,
});

describe('by a link', () => {
  test('EX01 a linked process that ends normally leaves no trace', async () => {
    const { system, log, p, q } = await linked({ traps: false });
    send(p.pid, normal);
    await settle(system);
    expect(exitReasonOf(p)).toStrictEqual(normal);
    expect(isAlive(q.pid)).toBe(true);
    expect(log).toStrictEqual([]);
  });

  test('EX02 a process that traps exits gets a message about a normal end', async () => {
    const { system, log, p, q } = await linked({ traps: true });
    send(p.pid, normal);
    await settle(system);
    expect(log).toStrictEqual([['Q', exitOf(p, normal)]]);
    expect(isAlive(q.pid)).toBe(true);
  });

  test('EX03 a linked process ends with the same reason', async () => {
    const { system, log, p, q } = await linked({ traps: false });
    send(p.pid, crashed);
    await settle(system);
    expect(exitReasonOf(q)).toBe(crashed);
    expect(log).toStrictEqual([]);
  });

  test.each([
    ['shutdown', shutdown],
    ['shutdown with a detail', shutdownWith('upgrade')],
  ])('EX04 a linked process dies of %s too', async (_, reason) => {
    const { system, p, q } = await linked({ traps: false });
    send(p.pid, reason);
    await settle(system);
    expect(exitReasonOf(q)).toBe(reason);
  });

  test('EX05 a process that traps exits gets a message about a crash, and runs on', async () => {
    const { system, log, p, q } = await linked({ traps: true });
    send(p.pid, crashed);
    await settle(system);
    expect(log).toStrictEqual([['Q', exitOf(p, crashed)]]);
    expect(isAlive(q.pid)).toBe(true);
  });

  test('kill as the reason of exit(self) reaches linked processes as an ordinary reason', async () => {
    const { system, log, p } = await linked({ traps: true });
    send(p.pid, kill);
    await settle(system);
    expect(log).toStrictEqual([['Q', exitOf(p, kill)]]);
  });
});

describe('along a chain of links', () => {
  const zz = crash('zz');

  /** A, B and C, each linked to the next, and a watcher that logs their ends. */
  async function chain(): Promise<{ system: TestSystem; log: Log; abc: Receiver<unknown>[] }> {
    const system = createTestSystem();
    const log: Log = [];
    const abc = [
      await exitingProcess(system),
      await idleProcess(system),
      await idleProcess(system),
    ];
    const watcher = await recordingProcess(system, log, 'watcher');
    for (const [at, each] of abc.entries()) {
      monitor(watcher, each.pid);
      const next = abc[at + 1];
      if (next !== undefined) {
        link(each, next.pid);
      }
    }
    return { system, log, abc };
  }

  const ends = (log: Log): unknown[] =>
    log.map(([, message]) => {
      const { type, pid, reason } = message as Record<string, unknown>;
      return [type, pid, reason];
    });

  test('EX06 all end with the first reason, in order, each once', async () => {
    const { system, log, abc } = await chain();
    send((abc[0] as Receiver<unknown>).pid, zz);
    await settle(system);
    expect(ends(log)).toStrictEqual(abc.map(({ pid }) => ['DOWN', pid, zz]));
  });

  test('EX06 a cycle ends too, each process once', async () => {
    const { system, log, abc } = await chain();
    const [a, , c] = abc as [Receiver<unknown>, Receiver<unknown>, Receiver<unknown>];
    link(c, a.pid);
    send(a.pid, zz);
    await settle(system);
    expect(ends(log)).toStrictEqual(abc.map(({ pid }) => ['DOWN', pid, zz]));
  });

  test('EX06 100,000 processes do not exhaust the stack', async () => {
    const system = createTestSystem();
    // Recursion along the links would take three stack frames for each process; a stack has room
    // for some 10,000.
    const length = 100_000;
    const pids: Pid[] = [];
    let previous: Pid | undefined;
    for (let count = 0; count < length; count++) {
      const before = previous;
      previous = spawn<ExitReason>(system, async (self) => {
        if (before !== undefined) {
          link(self, before);
        }
        exit(self, await self.receive());
      });
      pids.push(previous);
    }
    await settle(system);
    expect(pids.filter(isAlive)).toHaveLength(length);
    send(pids[0] as Pid<ExitReason>, zz);
    await settle(system);
    expect(pids.filter(isAlive)).toStrictEqual([]);
  }, 60_000);
});

describe('sent by exit(self, pid, reason)', () => {
  test('EX07 normal does nothing to another process', async () => {
    const { system, log, p, sender } = await unlinked({ traps: false });
    exit(sender, p.pid, normal);
    await settle(system);
    expect(isAlive(p.pid)).toBe(true);
    expect(log).toStrictEqual([]);
  });

  test('EX08 normal is a message to a process that traps exits', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    exit(sender, p.pid, normal);
    await settle(system);
    expect(log).toStrictEqual([['P', exitOf(sender, normal)]]);
    expect(isAlive(p.pid)).toBe(true);
  });

  test('EX09 normal sent to oneself ends a process', async () => {
    const { p } = await unlinked({ traps: false });
    exit(p, p.pid, normal);
    expect(exitReasonOf(p)).toStrictEqual(normal);
  });

  test.each([
    ['normal', normal],
    ['a crash', crash('x')],
  ])('EX10 %s sent to oneself is a message when exits are trapped', async (_, reason) => {
    const { system, log, p } = await unlinked({ traps: true });
    exit(p, p.pid, reason);
    send(p.pid, 'goes on');
    await settle(system);
    expect(log).toStrictEqual([
      ['P', exitOf(p, reason)],
      ['P', 'goes on'],
    ]);
  });

  test('EX11 a signal to oneself cannot be caught', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const watcher = await recordingProcess(system, log, 'watcher');
    const die = crash('die');
    const pid = spawn(system, async (self) => {
      try {
        exit(self, self.pid, die);
        await self.receive();
      } catch (caught) {
        log.push(['P', caught]);
      }
    });
    const ref = monitor(watcher, pid);
    await settle(system);
    // Its code goes on up to the next receive, which rejects in a macrotask of its own.
    await settle(system);
    // On a busy machine a slice is over sooner, and the code of P may come first.
    expect(log).toHaveLength(2);
    expect(new Map(log)).toStrictEqual(
      new Map<string, unknown>([
        ['watcher', { type: 'DOWN', ref, pid, reason: die }],
        ['P', new ExitError(die, `receive of ${String(pid)}, which has ended`)],
      ]),
    );
  });

  test('EX12 a process that does not trap exits ends, and no code of it runs', async () => {
    const { system, log, p, sender } = await unlinked({ traps: false });
    send(p.pid, 'queued');
    exit(sender, p.pid, bye);
    await settle(system);
    expect(exitReasonOf(p)).toBe(bye);
    expect(log).toStrictEqual([]);
  });

  test('EX12 a server that does not trap exits ends without terminate', async () => {
    const { system, sender } = await unlinked({ traps: false });
    const calls: string[] = [];
    const server = await GenServer.start(
      system,
      GenServer.define({
        init: () => ok(0),
        handleInfo: (message: string, state) => {
          calls.push(message);
          return noreply(state);
        },
        terminate: () => void calls.push('terminate'),
      }),
      undefined,
    );
    send(server, 'queued');
    exit(sender, server, bye);
    await settle(system);
    expect(isAlive(server)).toBe(false);
    expect(calls).toStrictEqual([]);
  });

  test('EX13 a process that traps exits learns the sender, linked or not', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    exit(sender, p.pid, bye);
    link(sender, p.pid);
    exit(sender, p.pid, crashed);
    await settle(system);
    expect(log).toStrictEqual([
      ['P', exitOf(sender, bye)],
      ['P', exitOf(sender, crashed)],
    ]);
    expect(isAlive(p.pid)).toBe(true);
  });

  test('EX17 killed is an ordinary reason', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    exit(sender, p.pid, killed);
    await settle(system);
    expect(log).toStrictEqual([['P', exitOf(sender, killed)]]);
    expect(isAlive(p.pid)).toBe(true);
  });

  test('EX19 of two signals the first ends the process, the second does nothing', async () => {
    const { p, sender } = await unlinked({ traps: false });
    exit(sender, p.pid, crash('first'));
    exit(sender, p.pid, crash('second'));
    expect(exitReasonOf(p)).toStrictEqual(crash('first'));
  });

  test('EX20 a signal to a process that has ended does nothing', async () => {
    const { p, sender } = await unlinked({ traps: false });
    exit(sender, p.pid, bye);
    expect(() => {
      exit(sender, p.pid, crash('foo'));
    }).not.toThrow();
    expect(exitReasonOf(p)).toBe(bye);
  });

  test('a value that is no exit reason is refused, and ends no process', async () => {
    const { p, sender } = await unlinked({ traps: false });
    expect(() => {
      exit(sender, p.pid, 'bye' as never);
    }).toThrow(
      new TypeError('Expected an exit reason such as normal, shutdown or crash(error), got "bye"'),
    );
    expect(isAlive(p.pid)).toBe(true);
  });
});

describe('kill', () => {
  test('EX14 it cannot be trapped: the process ends as killed', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    exit(sender, p.pid, kill);
    await settle(system);
    expect(exitReasonOf(p)).toStrictEqual(killed);
    expect(log).toStrictEqual([]);
  });

  test('EX15 a linked process that traps exits gets killed, never kill', async () => {
    const { system, log, p, q } = await linked({ traps: true });
    exit(system, p.pid, kill);
    await settle(system);
    expect(log).toStrictEqual([['Q', exitOf(p, killed)]]);
    expect(isAlive(q.pid)).toBe(true);
  });

  test('EX16 a linked process that does not trap exits ends as killed', async () => {
    const { system, p, q } = await linked({ traps: false });
    exit(system, p.pid, kill);
    expect(exitReasonOf(q)).toStrictEqual(killed);
  });

  test('EX18 sent to oneself it ends a process that traps exits', async () => {
    const { p } = await unlinked({ traps: true });
    exit(p, p.pid, kill);
    expect(exitReasonOf(p)).toStrictEqual(killed);
  });
});

describe('the reason of an end', () => {
  /** Runs `body`. Resolves with the messages of a link that traps exits, and of a monitor. */
  async function seen(body: (self: Receiver<unknown>) => void | Promise<void>): Promise<unknown[]> {
    const system = createTestSystem();
    const log: Log = [];
    const q = await recordingProcess(system, log, 'Q', { traps: true });
    const pid = spawnLink<unknown>(q, body);
    monitor(q, pid);
    await settle(system);
    return log.map(([, message]) => {
      const { type, reason } = message as Record<string, unknown>;
      return [type, reason];
    });
  }

  test.each([
    ['at once', (thrown: unknown) => () => raise(thrown)],
    [
      'after an await',
      (thrown: unknown) => async () => {
        await undefined;
        raise(thrown);
      },
    ],
  ])('EX21 an error raised %s and not caught is the reason, with its stack', async (_, body) => {
    const error = new Error('boom');
    const messages = await seen(body(error));
    expect(messages).toStrictEqual([
      ['EXIT', crash(error)],
      ['DOWN', crash(error)],
    ]);
    expect((messages as [string, { error: unknown }][])[0]?.[1].error).toBe(error);
  });

  test('EX21 an error raised in a callback of a server is the reason', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const q = await recordingProcess(system, log, 'Q', { traps: true });
    const error = new Error('boom');
    const behaviour = GenServer.define({
      init: () => ok(0),
      handleInfo: (_: 'go') => raise(error),
    });
    const server = await GenServer.startLink(q, behaviour, undefined);
    send(server, 'go');
    await settle(system);
    expect(log).toStrictEqual([['Q', { type: 'EXIT', pid: server, reason: crash(error) }]]);
  });

  test.each([
    ['at once', (thrown: unknown) => () => raise(thrown)],
    [
      'after an await',
      (thrown: unknown) => async () => {
        await undefined;
        raise(thrown);
      },
    ],
  ])('EX22 a value that is no error, thrown %s, is not caught', async (_, body) => {
    expect(await seen(body('boom'))).toStrictEqual([
      ['EXIT', { type: 'nocatch', value: 'boom' }],
      ['DOWN', { type: 'nocatch', value: 'boom' }],
    ]);
  });

  test.each([
    ['at once', (self: Receiver<unknown>) => exit(self, bye)],
    [
      'after an await',
      async (self: Receiver<unknown>) => {
        await undefined;
        exit(self, bye);
      },
    ],
  ])('EX23 exit(self, reason) %s gives exactly that reason', async (_, body) => {
    const messages = await seen(body);
    expect(messages).toStrictEqual([
      ['EXIT', bye],
      ['DOWN', bye],
    ]);
  });

  test.each([
    ['at once', () => undefined],
    [
      'after an await',
      async () => {
        await undefined;
      },
    ],
  ])('EX24 a function that returns %s ends normally', async (_, body) => {
    expect(await seen(body)).toStrictEqual([
      ['EXIT', normal],
      ['DOWN', normal],
    ]);
  });
});

describe('link and unlink', () => {
  test('EX25 a process does not link to itself', async () => {
    const { system, log, p } = await unlinked({ traps: true });
    link(p, p.pid);
    await settle(system);
    expect(cellOf(p.pid).links).toStrictEqual([]);
    expect(log).toStrictEqual([]);
  });

  test('EX26 linked twice, one message', async () => {
    const { system, log, p, q } = await linked({ traps: true });
    link(p, q.pid);
    link(q, p.pid);
    send(p.pid, crashed);
    await settle(system);
    expect(log).toStrictEqual([['Q', exitOf(p, crashed)]]);
  });

  test('EX27 linked twice, unlinked once: no message', async () => {
    const { system, log, p, q } = await linked({ traps: true });
    link(q, p.pid);
    unlink(q, p.pid);
    send(p.pid, crashed);
    await settle(system);
    expect(exitReasonOf(p)).toBe(crashed);
    expect(log).toStrictEqual([]);
  });

  test('EX28 unlinking a process that is not linked, or has ended, does nothing', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    const dead = await exitingProcess(system);
    send(dead.pid, normal);
    await settle(system);
    unlink(p, sender.pid);
    unlink(p, dead.pid);
    await settle(system);
    expect(log).toStrictEqual([]);
  });

  test('EX29 unlinking from the other side takes the whole link off', async () => {
    const { system, log, p, q } = await linked({ traps: true });
    unlink(p, q.pid);
    send(p.pid, crashed);
    await settle(system);
    expect(exitReasonOf(p)).toBe(crashed);
    expect(log).toStrictEqual([]);
  });

  test('EX30 linking to a process that has ended gives noproc, as a message when exits are trapped', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    exit(system, sender.pid, bye);
    link(p, sender.pid);
    await settle(system);
    expect(log).toStrictEqual([['P', exitOf(sender, noproc)]]);
  });

  test('EX31 linking to a process that has ended ends one that does not trap exits', async () => {
    const { system, p, sender } = await unlinked({ traps: false });
    exit(system, sender.pid, bye);
    link(p, sender.pid);
    expect(exitReasonOf(p)).toStrictEqual(noproc);
  });

  test.each([
    ['returns', () => undefined, normal],
    ['exits', (self: Receiver<unknown>) => exit(self, bye), bye],
    ['throws', () => raise('oops'), { type: 'nocatch', value: 'oops' }],
  ] as const)(
    'EX32 spawnLink reports the end of a function that %s at once',
    async (_, body: (self: Receiver<unknown>) => undefined, reason) => {
      const { system, log, p } = await unlinked({ traps: true });
      const pid = spawnLink<unknown>(p, body);
      await settle(system);
      expect(log).toStrictEqual([['P', { type: 'EXIT', pid, reason }]]);
    },
  );

  test('EX32 spawnLink reports the end of a process that is killed before it has begun', async () => {
    const { system, log, p } = await unlinked({ traps: true });
    const pid = spawnLink(p, () => void log.push(['child', 'ran']));
    exit(p, pid, kill);
    await settle(system);
    expect(log).toStrictEqual([['P', { type: 'EXIT', pid, reason: killed }]]);
  });
});

describe('trapExit', () => {
  test('EX33 turned off again, it answers the old value, and an EXIT in the mailbox stays a message', async () => {
    const system = createTestSystem();
    const q = await idleProcess(system, { traps: true });
    const p = await exitingProcess(system);
    link(q, p.pid);
    send(p.pid, crashed);
    await settle(system);
    expect(trapExit(q, false)).toBe(true);
    expect(trapExit(q, false)).toBe(false);
    expect(await drain(q)).toStrictEqual([exitOf(p, crashed)]);
  });

  test('EX34 the flag counts as it is when the signal comes', async () => {
    const { system, log, p, q } = await linked({ traps: false });
    expect(trapExit(q, true)).toBe(false);
    expect(trapExit(q, false)).toBe(true);
    send(p.pid, crashed);
    await settle(system);
    expect(exitReasonOf(q)).toBe(crashed);
    expect(log).toStrictEqual([]);
  });
});

describe('order', () => {
  test('EX35 messages and signals of one sender keep their order', async () => {
    const { system, log, p, sender } = await unlinked({ traps: true });
    send(p.pid, 'a');
    exit(sender, p.pid, crash('b'));
    send(p.pid, 'c');
    await settle(system);
    expect(log).toStrictEqual([
      ['P', 'a'],
      ['P', exitOf(sender, crash('b'))],
      ['P', 'c'],
    ]);
  });

  test('EX36 a message sent after the signal that ends a process is never handled', async () => {
    const { system, log, p, sender } = await unlinked({ traps: false });
    send(p.pid, 'before');
    await settle(system);
    exit(sender, p.pid, bye);
    send(p.pid, 'after');
    await settle(system);
    expect(exitReasonOf(p)).toBe(bye);
    expect(log).toStrictEqual([['P', 'before']]);
    expect(p.messageQueueLen).toBe(0);
  });

  test('EX37 a signal ends a process that waits in receive; later messages are not taken', async () => {
    const system = createTestSystem();
    const log: Log = [];
    const p = await recordingProcess(system, log, 'P');
    exit(system, p.pid, bye);
    send(p.pid, 'go');
    await settle(system);
    expect(exitReasonOf(p)).toBe(bye);
    expect(log).toStrictEqual([]);
  });

  test('EX38 when the message about an end comes, the name is free and the process is not alive', async () => {
    const system = createTestSystem();
    const seen: unknown[] = [];
    const p = await exitingProcess(system);
    register(system, 'printer', p.pid);
    const look = (name: string): void =>
      void seen.push([name, whereis(system, 'printer'), isAlive(p.pid)]);
    const observer = GenServer.define({
      init: (_: undefined, self) => {
        trapExit(self, true);
        link(self, p.pid);
        monitor(self, p.pid);
        return ok(undefined);
      },
      handleInfo: (message: { readonly type: 'EXIT' | 'DOWN' }, state) => {
        look(message.type);
        return noreply(state);
      },
    });
    await GenServer.start(system, observer, undefined);
    p.signal.addEventListener('abort', () => {
      look('abort');
    });
    send(p.pid, crashed);
    await settle(system);
    expect(seen).toStrictEqual([
      ['abort', undefined, false],
      ['EXIT', undefined, false],
      ['DOWN', undefined, false],
    ]);
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}
