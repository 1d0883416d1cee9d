import { describe, expect, test } from '@jest/globals';
import { DynamicSupervisor, type Pid, Supervisor } from '@reprise/actor';
import { advance, createTestSystem, type TestSystem } from '@reprise/actor/testing';

import { judge, look } from '../../src/index.ts';
import { recordedOf } from '../../src/recording/record.ts';
import { Restarts } from '../../src/recording/restarts.ts';
import { child, fail, start } from '../support/tree.ts';

const childOf = (app: Pid, id: string): Pid => Supervisor.child(app as never, id as never);
const titles = (system: TestSystem): readonly string[] =>
  judge(look(system)).findings.map(({ title }) => title);

/** A child in a crash loop below two supervisors. */
async function loop(options: Partial<Supervisor.Options> = {}) {
  const system = createTestSystem();
  look(system);
  const app = await start(system, [
    Supervisor.childSpec({
      id: 'sub',
      strategy: 'oneForOne',
      maxRestarts: 1_000_000,
      ...options,
      children: [child('a'), child('b')],
    } as never),
  ]);
  const crash = async (id = 'a') => {
    await fail(system, childOf(childOf(app, 'sub'), id), 'no paper');
  };
  const crashes = async (count: number) => {
    for (let round = 0; round < count; round++) {
      await crash();
    }
  };
  return { system, app, sub: () => childOf(app, 'sub'), crash, crashes };
}

describe('a crash loop', () => {
  test.each([0, 3])(
    'goes on when its supervisor gives up and is started again: %d restarts allowed',
    async (maxRestarts) => {
      const { system, crash } = await loop({ maxRestarts });
      for (let count = 1; count <= 20; count++) {
        await crash();
        await advance(system, 1000);
        expect(titles(system).filter((title) => title.includes('keeps crashing'))).toStrictEqual(
          count < 5 ? [] : [`app / sub / a keeps crashing: ${count} times in ${count - 1} s`],
        );
      }
      await system.stop();
    },
  );

  test('goes on while its supervisor waits for its own restart', async () => {
    const system = createTestSystem();
    look(system);
    const restartDelay = { minDelay: 8000, maxDelay: 8000, healthyAfter: 600_000 };
    const sub = Supervisor.childSpec({
      id: 'sub',
      strategy: 'oneForOne',
      maxRestarts: 5,
      children: [child('a')],
    });
    const app = await start(system, [{ ...sub, restartDelay } as never]);
    for (let count = 1; count <= 6; count++) {
      await fail(system, childOf(childOf(app, 'sub'), 'a'), 'no paper');
    }
    expect(titles(system)).toStrictEqual(['app / sub / a keeps crashing: 6 times in 0 s']);
    const [finding] = judge(look(system)).findings;
    expect(finding?.detail).toMatch(/^Error: no paper\. app starts it again in \d/);
    await system.stop();
  });

  test.each<[who: string, end: (sub: Pid, app: Pid) => Promise<unknown>]>([
    ['it', (sub) => Supervisor.terminateChild(sub as never, 'a')],
    ['its supervisor', (_sub, app) => Supervisor.terminateChild(app as never, 'sub')],
  ])('is over when somebody stops %s', async (_who, end) => {
    const { system, app, sub, crashes } = await loop();
    await crashes(5);
    expect(titles(system)).toHaveLength(1);
    await end(sub(), app);
    expect(titles(system)).toStrictEqual([]);
    await system.stop();
  });

  test('is not that of the next child of its id', async () => {
    const { system, sub, crashes } = await loop();
    await crashes(5);
    await Supervisor.terminateChild(sub() as never, 'a');
    await Supervisor.deleteChild(sub() as never, 'a');
    await Supervisor.startChild(sub() as never, child('a'));
    expect(titles(system)).toStrictEqual([]);
    await system.stop();
  });

  test('goes on while its group waits for the restart of a sibling', async () => {
    const system = createTestSystem();
    look(system);
    const restartDelay = { minDelay: 8000, maxDelay: 8000, healthyAfter: 600_000 };
    const app = await start(system, [child('a', { restartDelay }), child('b')], {
      strategy: 'oneForAll',
    });
    for (let count = 0; count < 5; count++) {
      await fail(system, childOf(app, 'b'), 'no paper');
    }
    await fail(system, childOf(app, 'a'), 'no paper');
    expect(titles(system)).toStrictEqual(['app / b keeps crashing: 5 times in 0 s']);
    await system.stop();
  });

  test('of one job is found while others of its id come and go', async () => {
    const system = createTestSystem();
    look(system);
    const app = await start(system, [DynamicSupervisor.childSpec({ id: 'jobs', maxRestarts: 99 })]);
    const jobs = childOf(app, 'jobs') as DynamicSupervisor.Pid;
    await DynamicSupervisor.startChild(jobs, child('job'));
    for (let count = 0; count < 5; count++) {
      const [looping] = await DynamicSupervisor.whichChildren(jobs);
      await fail(system, looping?.pid as Pid, 'no paper');
      const other = await DynamicSupervisor.startChild(jobs, child('job'));
      await DynamicSupervisor.terminateChild(jobs, other as never);
    }
    expect(titles(system)).toStrictEqual(['app / jobs / job keeps crashing: 5 times in 0 s']);
    await system.stop();
  });

  test('is found where more children are in one than are kept', async () => {
    const system = createTestSystem();
    const app = await start(system, []);
    const restarts = new Restarts(recordedOf(system).recorder.history);
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 1100; n++) {
        restarts.add(`app / ${n}`, {
          at: round * 100_000,
          supervisor: app,
          id: String(n),
          reason: '',
          hasGivenUp: false,
          watchers: [],
        });
      }
    }
    const kept = Array.from(restarts, ([, { times }]) => times.length);
    expect(kept).toStrictEqual(Array.from({ length: 1000 }, () => 5));
    expect(restarts.leftOutAt).toBe(400_000);
    await system.stop();
  });

  test('that is over leaves its room to another', async () => {
    const system = createTestSystem();
    const app = await start(system, []);
    const restarts = new Restarts(recordedOf(system).recorder.history);
    const restart = { supervisor: app, reason: '', hasGivenUp: false, watchers: [] };
    for (let n = 0; n < 1000; n++) {
      restarts.add(`app / ${n}`, { ...restart, at: 0, id: String(n) });
    }
    restarts.add('app / a', { ...restart, at: 120_000, id: 'a' });
    expect(restarts.get('app / a')).toBeUndefined();
    restarts.add('app / a', { ...restart, at: 120_001, id: 'a' });
    expect(restarts.get('app / a')?.times).toStrictEqual([120_001]);
    expect(restarts.size).toBe(1000);
    await system.stop();
  });
});
