import { describe, expect, jest, test } from '@jest/globals';
import {
  createSystem,
  crash,
  DynamicSupervisor,
  exit,
  formatReason,
  GenServer,
  kill,
  link,
  type Pid,
  send,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { isWatched, note, watch, type Witness } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { forever } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import {
  child,
  end,
  refusal,
  startSupervisor,
  startTree,
  subSupervisor,
  subSupervisorOf,
  workerOf,
  workers,
} from '../support/tree.ts';
import { counter } from './servers.ts';

/** A witness that writes all that it is told. */
function writing(log: unknown[]): Required<Witness> {
  return {
    started: (pid, parent) => log.push(['started', String(pid), String(parent)]),
    crashed: (pid, reason, details) =>
      log.push(['crashed', String(pid), formatReason(reason), details]),
    ended: (pid, reason, handled) =>
      log.push(['ended', String(pid), formatReason(reason), handled]),
    childStarting: (_, id, before) => log.push(['childStarting', id, String(before)]),
    childStarted: (_, id, pid, before) =>
      log.push(['childStarted', id, String(pid), String(before)]),
    childFailed: (_, id, before, reason) =>
      log.push(['childFailed', id, String(before), formatReason(reason)]),
    childRestarts: (_, id, before, reason) =>
      log.push(['childRestarts', id, String(before), formatReason(reason)]),
    childWaits: (_, id, before, delay) => log.push(['childWaits', id, String(before), delay]),
    childShutDown: (_, id, pid, reason) =>
      log.push(['childShutDown', id, String(pid), formatReason(reason)]),
    childRemoved: (_, id, before) => log.push(['childRemoved', id, String(before)]),
    gaveUp: (supervisor, id, before, why) =>
      log.push(['gaveUp', String(supervisor), id, String(before), why]),
    slow: (pid, ms) => log.push(['slow', String(pid), ms]),
    dropped: (pid) => log.push(['dropped', String(pid)]),
    callTimedOut: (pid, request) => log.push(['callTimedOut', String(pid), request]),
    noted: (pid, kind, fact) => log.push(['noted', String(pid), kind, fact]),
  };
}

const of = (log: readonly unknown[], ...names: readonly string[]): readonly unknown[] =>
  log.filter((entry) => names.includes((entry as [string])[0]));

describe('watch', () => {
  test('tells starts and ends, and of children which process was which before', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    watch(system, writing(log));
    const supervisor = await startSupervisor(system, workers([], 'a'));
    await end({ system, supervisor }, 'a');
    expect(log).toStrictEqual([
      ['started', '#Pid<2>', '#Pid<1>'],
      ['childStarting', 'a', 'undefined'],
      ['started', '#Pid<3>', '#Pid<2>'],
      ['childStarted', 'a', '#Pid<3>', 'undefined'],
      ['crashed', '#Pid<3>', '"boom"', expect.objectContaining({ state: expect.anything() })],
      ['ended', '#Pid<3>', '"boom"', 1],
      ['childRestarts', 'a', '#Pid<3>', '"boom"'],
      ['childStarting', 'a', '#Pid<3>'],
      ['started', '#Pid<4>', '#Pid<2>'],
      ['childStarted', 'a', '#Pid<4>', '#Pid<3>'],
    ]);
  });

  test('tells after which end another follows at once, by a link', async () => {
    const system = createTestSystem();
    const [a, b, c, d] = [1, 2, 3, 4].map(() => spawn(system, forever)) as [Pid, Pid, Pid, Pid];
    const linked = [
      [b, a],
      [c, b],
    ] as const;
    for (const [pid, other] of linked) {
      spawn(system, (self) => {
        link(self, pid);
        link(self, other);
        return self.receive();
      });
    }
    await settle(system);
    const log: unknown[] = [];
    watch(system, {
      ended: (pid, _reason, _handled, _busy, by) => log.push([String(pid), by && String(by)]),
    });
    exit(system, a, kill);
    exit(system, d, kill);
    expect(log).toStrictEqual([
      ['#Pid<2>', undefined],
      ['#Pid<6>', '#Pid<2>'],
      ['#Pid<3>', '#Pid<6>'],
      ['#Pid<7>', '#Pid<3>'],
      ['#Pid<4>', '#Pid<7>'],
      ['#Pid<5>', undefined],
    ]);
  });

  test('tells that children are shut down with another one, and that one is deleted', async () => {
    const system = createTestSystem();
    const supervisor = await startSupervisor(system, workers([], 'a', 'b'), {
      strategy: 'oneForAll',
    });
    const log: unknown[] = [];
    watch(system, writing(log));
    await end({ system, supervisor }, 'a');
    await Supervisor.terminateChild(supervisor, 'b');
    await Supervisor.deleteChild(supervisor, 'b');
    expect(of(log, 'childRestarts', 'childShutDown', 'childStarted', 'childRemoved')).toStrictEqual(
      [
        ['childRestarts', 'a', '#Pid<3>', '"boom"'],
        ['childShutDown', 'b', '#Pid<4>', 'shutdown'],
        ['childStarted', 'a', '#Pid<5>', '#Pid<3>'],
        ['childStarted', 'b', '#Pid<6>', '#Pid<4>'],
        ['childShutDown', 'b', '#Pid<6>', 'shutdown'],
        ['childRemoved', 'b', '#Pid<6>'],
      ],
    );
  });

  test('tells that a child of a dynamic supervisor is gone, however it ends', async () => {
    const system = createTestSystem();
    const jobs = await DynamicSupervisor.startLink(system);
    const log: unknown[] = [];
    watch(system, writing(log));
    const spec = child({ id: 'job', log: [] }, { restart: 'temporary' });
    const [one, two] = [
      await DynamicSupervisor.startChild(jobs, spec),
      await DynamicSupervisor.startChild(jobs, spec),
    ];
    exit(system, one as never, kill);
    await settle(system);
    await DynamicSupervisor.terminateChild(jobs, two as never);
    expect(of(log, 'childRemoved')).toStrictEqual([
      ['childRemoved', 'job', '#Pid<3>'],
      ['childRemoved', 'job', '#Pid<4>'],
    ]);
  });

  test('tells that a child of a dynamic supervisor is gone whose first start failed', async () => {
    const system = createTestSystem();
    const jobs = await DynamicSupervisor.startLink(system);
    const log: unknown[] = [];
    watch(system, writing(log));
    const spec = child({ id: 'job', log: [], plan: [refusal] });
    await expect(DynamicSupervisor.startChild(jobs, spec)).rejects.toThrow('no');
    expect(of(log, 'childFailed', 'childRemoved')).toStrictEqual([
      ['childFailed', 'job', 'undefined', '"no"'],
      ['childRemoved', 'job', 'undefined'],
    ]);
  });

  test.each(['static', 'dynamic'])(
    'tells nothing more of the children of a %s supervisor that has ended',
    async (kind) => {
      const system = createTestSystem();
      const spec = child({ id: 'slow', log: [], initTime: 500 });
      const [supervisor, start] =
        kind === 'static'
          ? await startSupervisor(system, []).then(
              (pid) => [pid, () => Supervisor.startChild(pid, spec)] as const,
            )
          : await DynamicSupervisor.startLink(system).then(
              (pid) => [pid, () => DynamicSupervisor.startChild(pid, spec)] as const,
            );
      const log: unknown[] = [];
      watch(system, writing(log));
      const failed = start().then(undefined, String);
      await settle(system);
      exit(system, supervisor, kill);
      expect(await failed).toContain('killed');
      await advance(system, 1000);
      const names = log.map((entry) => (entry as [string])[0]);
      expect(names.filter((name) => name.startsWith('child'))).toStrictEqual(['childStarting']);
    },
  );

  test('OBS-R08 tells of each restart that fails: the child, the reason and its stack', async () => {
    const log: unknown[] = [];
    const error = new Error('no database');
    const failing = crash(error);
    const all = await startTree([], [child({ id: 'a', log: [], plan: ['run', failing, failing] })]);
    const stacks: unknown[] = [];
    watch(all.system, {
      ...writing(log),
      childFailed: (supervisor, id, before, reason) => {
        writing(log).childFailed(supervisor, id, before, reason);
        stacks.push(reason.type === 'crash' && (reason.error as Error).stack);
      },
    });
    await end(all, 'a');
    const crashReports = all.system.reports.filter(({ message }) => message.includes('crashed'));
    expect(crashReports.filter(({ message }) => message.includes('database'))).toStrictEqual([]);
    expect(of(log, 'childFailed', 'childRestarts')).toStrictEqual([
      ['childRestarts', 'a', '#Pid<4>', '"boom"'],
      ['childFailed', 'a', '#Pid<4>', 'Error: no database'],
      ['childRestarts', 'a', '#Pid<4>', 'Error: no database'],
      ['childFailed', 'a', '#Pid<4>', 'Error: no database'],
      ['childRestarts', 'a', '#Pid<4>', 'Error: no database'],
    ]);
    expect(stacks).toStrictEqual([error.stack, error.stack]);
  });

  test('OBS-R09 tells that a supervisor gave up, because of which child, and its new process', async () => {
    const log: unknown[] = [];
    const all = await startTree([], [subSupervisor('sub', workers([], 'a'), { maxRestarts: 1 })]);
    const { system, supervisor } = all;
    watch(system, writing(log));
    const sub = subSupervisorOf(supervisor, 'sub');
    await end({ system, supervisor: sub }, 'a');
    const last = workerOf(sub, 'a');
    await end({ system, supervisor: sub }, 'a');
    expect(of(log, 'gaveUp')).toStrictEqual([
      [
        'gaveUp',
        String(sub),
        'a',
        String(last),
        `child "a" (${String(last)}) failed 2 times in 5 s: "boom"`,
      ],
    ]);
    const again = subSupervisorOf(supervisor, 'sub');
    expect(of(log, 'childStarted').at(-1)).toStrictEqual([
      'childStarted',
      'sub',
      String(again),
      String(sub),
    ]);
  });

  test('tells the delay before a restart', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(1);
    const log: unknown[] = [];
    const restartDelay = { minDelay: 1000, maxDelay: 8000, healthyAfter: 60_000 };
    const all = await startTree(
      [],
      [child({ id: 'a', log: [], plan: ['run', refusal] }, { restartDelay })],
    );
    watch(all.system, writing(log));
    await end(all, 'a');
    await advance(all.system, 1000);
    expect(of(log, 'childWaits')).toStrictEqual([
      ['childWaits', 'a', '#Pid<4>', 1000],
      ['childWaits', 'a', '#Pid<4>', 2000],
    ]);
  });

  test('tells of dropped messages, calls without an answer, and notes', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    const mailbox = { capacity: 1, overflow: 'dropNewest' } as const;
    const full = spawn(system, forever, { mailbox });
    await settle(system);
    watch(system, writing(log));
    send(full as never, 1 as never);
    send(full as never, 2 as never);
    const server = await GenServer.start(system, counter, 0);
    GenServer.cast(server, 'wait', forever());
    const called = GenServer.call(server, 'get', undefined, { timeout: 100 });
    await Promise.all([expect(called).rejects.toThrow('in time'), advance(system, 100)]);
    note(system, 'weather', 'rain');
    expect(of(log, 'dropped', 'callTimedOut', 'noted')).toStrictEqual([
      ['dropped', '#Pid<2>'],
      ['callTimedOut', '#Pid<3>', 'get'],
      ['noted', '#Pid<1>', 'weather', 'rain'],
    ]);
  });

  test('tells of a callback that has held the thread', async () => {
    const system = createSystem({ slowCallback: 5, logger: { error: () => {}, warn: () => {} } });
    const log: unknown[] = [];
    watch(system, writing(log));
    spawn(system, () => {
      for (const until = performance.now() + 6; performance.now() < until;) {
        // It waits.
      }
    });
    await settle(system);
    // On a busy machine the turn in which the process ends may be slow, too.
    const [first, ...others] = of(log, 'slow');
    expect(first).toStrictEqual(['slow', '#Pid<2>', expect.any(Number)]);
    expect(others).toStrictEqual(others.map(() => ['slow', '#Pid<2>', expect.any(Number)]));
    await system.stop();
  });

  test('OBS-R10 costs nothing without a witness: as many bytes for each start and end', async () => {
    const system = createTestSystem();
    const unwatch = watch(system, writing([]));
    expect(isWatched(system)).toBe(true);
    unwatch();
    expect(isWatched(system)).toBe(false);
    const { lines, stderr } = await runProgram('starts').ended;
    expect(stderr).toBe('');
    expect(Math.abs(Number(lines[0]) - 1)).toBeLessThan(0.01);
  });

  test('OBS-R11 takes a witness off that throws, reports it once, and goes on', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    let calls = 0;
    watch(system, {
      ended: () => {
        calls += 1;
        throw new Error('full');
      },
    });
    watch(system, writing(log));
    for (let index = 0; index < 3; index++) {
      spawn(system, () => {});
    }
    const server = await GenServer.start(system, counter, 1);
    await settle(system);
    expect([calls, await GenServer.call(server, 'get')]).toStrictEqual([1, 1]);
    expect(of(log, 'ended')).toHaveLength(3);
    expect(system.reports.map(({ message }) => message)).toStrictEqual([
      'a witness failed, and is told nothing any more',
    ]);
  });

  test('OBS-R12 tells nothing of another system', async () => {
    const [watched, other] = [createTestSystem(), createTestSystem()];
    const log: unknown[] = [];
    watch(watched, writing(log));
    spawn(other, () => {});
    await settle(other);
    expect([log, isWatched(other)]).toStrictEqual([[], false]);
  });

  test('ends a witness that was taken off, and refuses one that could never be told', async () => {
    const system = createTestSystem();
    const log: unknown[] = [];
    watch(system, writing(log))();
    spawn(system, () => {});
    await settle(system);
    expect(log).toStrictEqual([]);
    expect(() => watch(system, { childStart: () => {} } as never)).toThrow(
      'did you mean `childStarted`',
    );
    expect(() => watch(system, { started: 3 } as never)).toThrow(
      'Expected started of a witness to be a function, got 3',
    );
    expect(() => watch(system, null as never)).toThrow('Expected a witness');
  });
});
