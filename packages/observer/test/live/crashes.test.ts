import { expect, jest, test } from '@jest/globals';
import {
  crash,
  exit,
  GenServer,
  kill,
  monitor,
  noreply,
  ok,
  type Pid,
  Supervisor,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';

import { crashesOf } from '../../src/live/crashes.ts';
import { recordedOf } from '../../src/recording/record.ts';
import { child, fail, start } from '../support/tree.ts';

const childOf = (app: Pid, id: string): Pid => Supervisor.child(app as never, id as never);

/** A server that monitors another process, and is stuck once that has ended. */
const queue = GenServer.define({
  init: (target: () => Pid, self) => {
    monitor(self, target());
    return ok(0);
  },
  handleCast: { add: (_: number, state) => noreply(state + 1) },
  handleInfo: (_: unknown, state) => new Promise<never>(() => state),
});

test('a crash has the restart that followed it, and who waits, also while starts fail', async () => {
  jest.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
  const system = createTestSystem();
  const recorded = recordedOf(system);
  const failure = crash(new Error('refused'));
  const restartDelay = { minDelay: 8000, maxDelay: 8000, healthyAfter: 600_000 };
  const app = await start(
    system,
    [child('a', { restartDelay, plan: [undefined, failure, failure] }), child('b')],
    { maxRestarts: 3, maxSeconds: 5 },
  );
  const told = () =>
    crashesOf(system, recorded).map(({ path, kind, restart, last }) => ({
      path,
      kind,
      restart,
      isInInit: last.isInInit,
    }));
  const watching = await GenServer.start(system, queue, () => childOf(app, 'a'), { name: 'q' });
  exit(system, childOf(app, 'b'), kill);
  await advance(system, 1000);
  await fail(system, childOf(app, 'a'), 'no paper');
  GenServer.cast(watching, 'add', 1);
  const restart = {
    at: 1000,
    number: 1,
    supervisor: 'app',
    strategy: 'oneForOne',
    counted: 2,
    maxRestarts: 3,
    maxSeconds: 5,
    waiting: [{ path: 'q', pid: watching.id, messages: 1 }],
  };
  expect(told()).toMatchObject([
    { path: 'app / a', kind: 'exit', isInInit: false, restart },
    { path: 'app / b', kind: 'exit', restart: { at: 0, number: 1, counted: 1, waiting: [] } },
  ]);
  await advance(system, 8000);
  const [failed, before] = told();
  expect(failed).toMatchObject({
    kind: 'start',
    isInInit: true,
    restart: { ...restart, at: 9000, number: 2, counted: 1 },
  });
  // Another crash of that path is newer.
  expect(before).toMatchObject({ path: 'app / a', kind: 'exit', restart: undefined });
  await advance(system, 8000);
  await advance(system, 600_001);
  expect(told().map((one) => one.restart)).toStrictEqual([undefined, undefined, undefined]);
  await system.stop();
});

test('a crash after the last restart has none', async () => {
  const system = createTestSystem();
  const recorded = recordedOf(system);
  const app = await start(system, [child('a', { restart: 'transient' })]);
  await fail(system, childOf(app, 'a'), 'one');
  await Supervisor.terminateChild(app as never, 'a');
  await Supervisor.deleteChild(app as never, 'a');
  await advance(system, 1000);
  await Supervisor.startChild(app as never, child('a', { restart: 'temporary' }));
  await fail(system, childOf(app, 'a'), 'one');
  await settle(system);
  expect(crashesOf(system, recorded)).toMatchObject([{ count: 2, restart: undefined }]);
  await system.stop();
});

test('a crash for which a supervisor gave up has no restart, and the next one counts anew', async () => {
  const system = createTestSystem();
  const recorded = recordedOf(system);
  const sub = Supervisor.childSpec({
    id: 'sub',
    strategy: 'oneForOne',
    maxRestarts: 1,
    children: [child('a')],
  });
  const app = await start(system, [sub]);
  const restartAfterCrash = async () => {
    await fail(system, childOf(childOf(app, 'sub'), 'a'), 'no paper');
    await advance(system, 1500);
    return crashesOf(system, recorded).find(({ path }) => path === 'app / sub / a')?.restart;
  };
  expect(await restartAfterCrash()).toMatchObject({ at: 0, number: 1, counted: 1 });
  expect(await restartAfterCrash()).toBeUndefined();
  expect(await restartAfterCrash()).toMatchObject({ at: 3000, number: 1, counted: 1 });
  await system.stop();
});
