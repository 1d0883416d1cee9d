import { describe, expect, test } from '@jest/globals';
import {
  crash,
  createSystem,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  normal,
  ok,
  processes,
  send,
  spawn,
  Supervisor,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { observerHandler, type PastTree, record, type Recording } from '../../src/index.ts';
import { metrics } from '../../src/metrics.ts';
import { collectGarbage } from '../support/garbage.ts';
import { child, end, fail, linked, start } from '../support/tree.ts';

const pathsOf = (trees: readonly PastTree[]): readonly unknown[] =>
  trees.map(({ id, pid, children }) => [id, pid, ...pathsOf(children)]);

const tellsOf = ({
  crashes,
}: Recording): readonly (readonly [string, number, readonly string[]])[] =>
  crashes.map(({ path, count, last }) => [path, count, last.takenAlong]);

const failsAtItsEnd = GenServer.define({
  init: (_: undefined, self) => {
    trapExit(self, true);
    return ok(0);
  },
  terminate: () => {
    throw new Error('too late');
  },
});

describe('record', () => {
  test('OBS-H01 has the tree before a crash and after it, and the crash at its time', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a'), child('b')]);
    await advance(system, 5000);
    await fail(system, Supervisor.child(app, 'a' as never), 'no paper');
    await advance(system, 600_000);
    expect(pathsOf(recording.at(4999))).toStrictEqual([['app', 2, ['a', 3], ['b', 4]]]);
    expect(pathsOf(recording.at(5000))).toStrictEqual([['app', 2, ['a', 5], ['b', 4]]]);
    expect(recording.crashes).toMatchObject([
      { path: 'app / a', kind: 'exit', reason: 'Error: no paper', count: 1, firstAt: 5000 },
    ]);
    expect(recording.crashes[0]?.last).toMatchObject({
      process: '#Pid<3>',
      message: '{"cast":"fail","payload":"no paper"}',
      state: '[]',
      stack: expect.stringContaining('tree.ts'),
    });
    expect([...recording.processes]).toStrictEqual([
      {
        path: 'app / a',
        pid: 3,
        startedAt: 0,
        endedAt: 5000,
        handled: 1,
        reason: 'Error: no paper',
      },
    ]);
    expect([recording.since, recording.crashCount]).toStrictEqual([0, 1]);
  });

  test('OBS-H02 keeps the newest 65,536 processes within the hour', async () => {
    const system = createTestSystem();
    const recording = record(system);
    for (let batch = 0; batch < 100; batch++) {
      for (let index = 0; index < 1000; index++) {
        spawn(system, (self) => self.receive());
      }
      await advance(system, 1000);
      for (const pid of processes(system).slice(1)) {
        send(pid as never, 'end' as never);
      }
      await settle(system);
    }
    const ended = [...recording.processes];
    expect(ended).toHaveLength(65_536);
    expect([ended[0]?.pid, ended.at(-1)?.pid]).toStrictEqual([34_466, 100_001]);
    expect(recording.since).toBe(35_000);
    expect(recording.shortLived).toBe(0);
  });

  test('OBS-H03 forgets a process an hour after its end', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a')]);
    await advance(system, 10_000);
    await end(system, Supervisor.child(app, 'a' as never), crash('one'));
    await advance(system, 120_000);
    await end(system, Supervisor.child(app, 'a' as never), crash('two'));
    await advance(system, 59 * 60_000);
    expect([...recording.processes].map(({ reason }) => reason)).toStrictEqual(['"two"']);
    expect(recording.since).toBe(10_000);
    expect(recording.crashCount).toBe(2);
  });

  test('OBS-H04 counts tasks that end normal at once, and keeps the crash before them', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a'), DynamicSupervisor.childSpec({ id: 'jobs' })]);
    await advance(system, 5000);
    await fail(system, Supervisor.child(app, 'a' as never), 'before');
    const before = [...recording.processes].length;
    const jobs = Supervisor.child(app, 'jobs' as never) as never;
    for (let second = 0; second < 10; second++) {
      for (let index = 0; index < 1000; index++) {
        spawn(system, () => {});
      }
      const job = child('job', { restart: 'temporary' });
      for (let index = 0; index < 20; index++) {
        const pid = await DynamicSupervisor.startChild(jobs, job);
        await end(system, pid as never, normal);
      }
      await advance(system, 1000);
    }
    expect(recording.shortLived).toBe(10_200);
    expect([...recording.processes]).toHaveLength(before);
    expect(recording.crashes[0]?.last.reason).toBe('Error: before');
  });

  test('OBS-H10 of a oneForAll group is one crash, with the others as taken along', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(
      system,
      [child('a'), child('b'), child('c', { shutdown: 'brutalKill' })],
      {
        strategy: 'oneForAll',
      },
    );
    await advance(system, 2000);
    await fail(system, Supervisor.child(app, 'a' as never), 'no paper');
    expect(recording.crashes).toMatchObject([
      {
        path: 'app / a',
        count: 1,
        last: { takenAlong: ['c #Pid<5>: killed', 'b #Pid<4>: shutdown'] },
      },
    ]);
    expect(recording.crashCount).toBe(1);
    // Shut down by request, it is taken along by nothing.
    await Supervisor.terminateChild(app, 'b');
    expect(recording.crashes[0]?.last.takenAlong).toHaveLength(2);
  });

  test('has linked processes as taken along by one that is killed, and by no other', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a'), child('b'), child('c')]);
    const childOf = (id: string) => Supervisor.child(app, id as never);
    linked(system, [childOf('a'), childOf('b')]);
    await settle(system);
    exit(system, childOf('a'), kill);
    exit(system, childOf('c'), kill);
    await settle(system);
    expect(tellsOf(recording)).toStrictEqual([
      ['app / c', 1, []],
      ['app / a', 1, ['a process: killed', 'app / b: killed']],
    ]);
  });

  test('has the children of a supervisor that is killed as taken along, also at the top', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [
      Supervisor.childSpec({
        id: 'sub',
        strategy: 'oneForOne',
        children: [child('a'), child('b')],
      }),
    ]);
    exit(system, Supervisor.child(app, 'sub' as never), kill);
    await settle(system);
    const below = ['app / sub / a: killed', 'app / sub / b: killed'];
    expect(tellsOf(recording)).toStrictEqual([['app / sub', 1, below]]);
    exit(system, app, kill);
    await settle(system);
    expect(tellsOf(recording)[0]?.slice(0, 2)).toStrictEqual(['app', 1]);
    expect(recording.crashCount).toBe(2);
  });

  test('counts a child as crashed that ends with one that was killed on purpose', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a', { shutdown: 'brutalKill' }), child('b')]);
    linked(system, [Supervisor.child(app, 'a' as never), Supervisor.child(app, 'b' as never)]);
    await settle(system);
    await Supervisor.terminateChild(app, 'a');
    await settle(system);
    expect(tellsOf(recording)).toStrictEqual([['app / b', 1, []]]);
  });

  test('has those of each crash apart, and none of a crash without a report', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a'), child('b')], { strategy: 'oneForAll' });
    for (let count = 0; count < 3; count++) {
      await fail(system, Supervisor.child(app, 'a' as never), 'no paper');
      await advance(system, 100);
    }
    expect(tellsOf(recording)).toStrictEqual([['app / a', 3, ['b #Pid<4>: shutdown']]]);
    await advance(system, 1000);
    await fail(system, Supervisor.child(app, 'a' as never), 'no paper');
    expect(tellsOf(recording)).toStrictEqual([['app / a', 4, ['b #Pid<10>: shutdown']]]);
  });

  test('has no child as taken along that is stopped later, or by its own crash', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [
      child('once', { restart: 'temporary' }),
      child('a'),
      GenServer.childSpec(failsAtItsEnd, undefined, { id: 'last' }),
    ]);
    await fail(system, Supervisor.child(app, 'once' as never), 'no paper');
    await Supervisor.terminateChild(app, 'last');
    await Supervisor.terminateChild(app, 'a');
    expect(tellsOf(recording)).toStrictEqual([
      ['app / last', 1, []],
      ['app / once', 1, []],
    ]);
  });

  test('counts a start that fails, with the process that failed, and a supervisor that gives up', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const plan = [undefined, crash(new Error('no database')), crash(new Error('no database'))];
    const app = await start(system, [
      Supervisor.childSpec({
        id: 'store',
        strategy: 'oneForOne',
        maxRestarts: 2,
        children: [child('db', { plan })],
      }),
    ]);
    await advance(system, 2000);
    const db = Supervisor.child(Supervisor.child(app, 'store' as never) as never, 'db' as never);
    await fail(system, db, 'lost');
    expect(
      recording.crashes.map(({ path, kind, reason, count }) => [path, kind, reason, count]),
    ).toStrictEqual([
      ['app / store', 'gaveUp', expect.stringContaining('failed # times in # s'), 1],
      ['app / store / db', 'start', 'Error: no database', 2],
      ['app / store / db', 'exit', 'Error: lost', 1],
    ]);
    expect(pathsOf(recording.at(2000))).toMatchObject([['app', 2, ['store', 7, ['db', 8]]]]);
  });

  test('counts a child that was killed by others, and no link, twice', async () => {
    const system = createTestSystem();
    const recording = record(system);
    const app = await start(system, [child('a')]);
    await advance(system, 2000);
    exit(system, Supervisor.child(app, 'a' as never), kill);
    await settle(system);
    expect(recording.crashes).toMatchObject([{ path: 'app / a', reason: 'killed', count: 1 }]);
    const linked = GenServer.define({
      init: async (_: undefined, self) => {
        await GenServer.startLink(self, helper, undefined);
        return ok(0);
      },
    });
    const helper = GenServer.define({
      init: () => ok(0),
      handleInfo: (message: 'fail') => {
        throw new Error(message);
      },
    });
    await Supervisor.startChild(app, GenServer.childSpec(linked, undefined, { id: 'linked' }));
    const last = processes(system).at(-1);
    send(last as never, 'fail' as never);
    await settle(system);
    expect(
      recording.crashes.map(({ path, count, last: { takenAlong } }) => [path, count, takenAlong]),
    ).toStrictEqual([
      ['app / linked / a process', 1, ['app / linked: Error: fail']],
      ['app / a', 1, []],
    ]);
  });

  test('knows the children that were there before it, and is one for a system until it is stopped', async () => {
    const system = createTestSystem();
    const app = await start(system, [
      Supervisor.childSpec({ id: 'sub', strategy: 'oneForOne', children: [child('a')] }),
    ]);
    await advance(system, 5000);
    const recording = record(system);
    expect(record(system)).toBe(recording);
    const a = Supervisor.child(Supervisor.child(app, 'sub' as never) as never, 'a' as never);
    await advance(system, 1000);
    await fail(system, a, 'late');
    expect(pathsOf(recording.at(5500))).toStrictEqual([['app', 2, ['sub', 3, ['a', 4]]]]);
    expect([...recording.processes]).toMatchObject([{ path: 'app / sub / a', startedAt: 0 }]);
    expect(recording.since).toBe(5000);
    recording.stop();
    await fail(
      system,
      Supervisor.child(Supervisor.child(app, 'sub' as never) as never, 'a' as never),
      'x',
    );
    expect(recording.crashCount).toBe(1);
    expect(record(system)).not.toBe(recording);
  });

  test('goes on for an observer and for metrics, whoever stops it', async () => {
    const system = createTestSystem();
    const app = await start(system, [child('a')]);
    const { fetch } = observerHandler(system, { gate: () => true });
    record(system).stop();
    await fail(system, Supervisor.child(app, 'a' as never), 'no paper');
    const [tree, crashes] = await Promise.all(
      ['tree', 'crashes'].map(async (name) =>
        (await fetch(new Request(`http://a/api/${name}`))).json(),
      ),
    );
    expect(tree).toMatchObject({ rows: [{ id: 'app' }, { id: 'a', state: 'running', pid: 4 }] });
    expect(crashes).toMatchObject([{ path: 'app / a', count: 1 }]);
    const counted = createTestSystem();
    const exits = () => metrics(counted).find(({ name }) => name === 'reprise.process.exits');
    expect(exits()?.value).toBeUndefined();
    spawn(counted, () => undefined);
    await settle(counted);
    record(counted).stop();
    expect(exits()?.value).toBe(1);
  });

  test('knows the places of children whose start is not over when it begins', async () => {
    const system = createTestSystem();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const slow = GenServer.define({
      init: async () => {
        await opened;
        return ok(0);
      },
    });
    const starting = start(system, [
      child('a'),
      Supervisor.childSpec({
        id: 'sub',
        strategy: 'oneForOne',
        children: [child('b'), GenServer.childSpec(slow, undefined, { id: 'slow' }), child('c')],
      }),
    ]);
    await settle(system);
    const recording = record(system);
    open();
    await starting;
    expect(pathsOf(recording.at(0))).toStrictEqual([
      ['app', 2, ['a', 3], ['sub', 4, ['b', 5], ['slow', 6], ['c', 7]]],
    ]);
  });

  test('OBS-C01 sets no timer', async () => {
    const system = createTestSystem();
    const set: number[] = [];
    const { setTimeout } = system.clock;
    Object.assign(system.clock, {
      setTimeout: (callback: () => void, ms: number) => {
        set.push(ms);
        return setTimeout.call(system.clock, callback, ms);
      },
    });
    const recording = record(system);
    await start(system, [child('a')]);
    await advance(system, 3_600_000);
    expect([set, recording.crashCount]).toStrictEqual([[], 0]);
  });

  test('OBS-H07 makes a bounded report of an error with a huge cause, and holds on to nothing', async () => {
    const { system, recording, weak } = await crashWithGraph();
    expect(JSON.stringify(recording.crashes).length).toBeLessThan(16_384);
    expect(recording.crashes).toMatchObject([{ reason: 'Error', count: 1 }]);
    await collectGarbage();
    expect(weak.deref()).toBeUndefined();
    await system.stop();
  });

  test('holds on to no process that has ended with its supervisor', async () => {
    const { system, recording, pids } = await killWithChild();
    await collectGarbage();
    expect(pids.map((pid) => pid.deref())).toStrictEqual([undefined, undefined]);
    expect([...recording.processes].map(({ path }) => path)).toStrictEqual([
      'app / sub',
      'app / sub / a',
    ]);
    await system.stop();
  });
});

/** A supervisor is killed, and its child ends with it. */
async function killWithChild() {
  const system = createTestSystem();
  const recording = record(system);
  const app = await start(system, [
    Supervisor.childSpec({ id: 'sub', strategy: 'oneForOne', children: [child('a')] }),
  ]);
  const sub = Supervisor.child(app, 'sub' as never) as Supervisor.Pid;
  const pids = [sub, Supervisor.child(sub, 'a' as never)].map((pid) => new WeakRef<object>(pid));
  exit(system, sub, kill);
  await settle(system);
  return { system, recording, pids };
}

/** A process fails with an error that refers to much, and that cannot be read in parts. */
async function crashWithGraph() {
  const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
  const recording = record(system);
  const errors: WeakRef<Error>[] = [];
  const pid = spawn<'go'>(system, async (self) => {
    await self.receive();
    const graph = Array.from({ length: 200_000 }, (_unused, index) => ({ index }));
    const error = new Error('odd', { cause: { graph, text: 'x'.repeat(10_000_000) } });
    Object.defineProperty(error, 'detail', {
      enumerable: true,
      get: () => {
        throw new Error('getter');
      },
    });
    Object.defineProperty(error, 'message', { value: new Proxy({}, {}) });
    errors.push(new WeakRef(error));
    throw error;
  });
  send(pid, 'go');
  await settle(system);
  const [weak] = errors;
  return { system, recording, weak: weak as WeakRef<Error> };
}
