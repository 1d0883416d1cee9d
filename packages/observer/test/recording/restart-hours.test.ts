import { describe, expect, test } from '@jest/globals';
import { crash, DynamicSupervisor, type Pid, Supervisor } from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { record } from '../../src/index.ts';
import { liveOf } from '../../src/live/live.ts';
import type { RestartHour } from '../../src/recording/restart-hours.ts';
import { child, end, fail, start } from '../support/tree.ts';

const minute = 60_000;
const part = 5 * minute;

/** A system that is recorded from its start on. */
function recorded(): TestSystem {
  const system = createTestSystem();
  record(system);
  return system;
}

/** Of the first row of this id. */
function hourOf(system: TestSystem, id: string): RestartHour | undefined {
  return [...liveOf(system).structure().rows].find((row) => row.id === id)?.restartHour;
}

function pidOf(supervisor: Pid, id: string): Pid {
  const pid = supervisorInfo(supervisor)?.children.find((one) => one.id === id)?.pid;
  if (pid === undefined) {
    throw new Error(`Expected a child ${id} that runs, got none`);
  }
  return pid;
}

describe('the restarts of the last hour', () => {
  test('OBS-P02 are counted by parts of five minutes, for the child alone', async () => {
    const system = recorded();
    const app = await start(system, [child('a'), child('b')]);
    await advance(system, 2 * minute);
    await fail(system, pidOf(app, 'a'), 'broken');
    expect(hourOf(system, 'a')).toEqual({ from: 0, part, counts: [1] });
    await fail(system, pidOf(app, 'a'), 'broken');
    await advance(system, 10 * minute);
    await fail(system, pidOf(app, 'a'), 'broken');
    expect(hourOf(system, 'a')).toEqual({ from: 0, part, counts: [2, 0, 1] });
    expect(hourOf(system, 'b')).toBeUndefined();
    expect(hourOf(system, 'app')).toBeUndefined();
    await system.stop();
  });

  test('are forgotten after an hour, and never more than 13 parts', async () => {
    const system = recorded();
    const app = await start(system, [child('a')]);
    for (let count = 0; count < 20; count++) {
      await fail(system, pidOf(app, 'a'), 'broken');
      await advance(system, part);
    }
    await fail(system, pidOf(app, 'a'), 'broken');
    const counts = Array.from({ length: 13 }, () => 1);
    expect(hourOf(system, 'a')).toEqual({ from: 8 * part, part, counts });
    await advance(system, 12 * part);
    expect(hourOf(system, 'a')).toEqual({ from: 20 * part, part, counts: [1] });
    await advance(system, part);
    expect(hourOf(system, 'a')).toBeUndefined();
    await system.stop();
  });

  test('are there for an hour, wherever in a part they were', async () => {
    const system = recorded();
    const app = await start(system, [child('a')]);
    await advance(system, part - 1000);
    await fail(system, pidOf(app, 'a'), 'broken');
    await advance(system, 60 * minute);
    expect(hourOf(system, 'a')).toEqual({ from: 0, part, counts: [1] });
    await advance(system, 1000);
    expect(hourOf(system, 'a')).toBeUndefined();
    await system.stop();
  });

  test('stay with a child whose supervisor is started again, and end with one that is removed', async () => {
    const system = recorded();
    const below = Supervisor.childSpec({
      id: 'below',
      strategy: 'oneForOne',
      maxRestarts: 1,
      children: [child('a')],
    });
    const jobs = DynamicSupervisor.childSpec({ id: 'jobs', maxRestarts: 10 });
    const app = await start(system, [below, jobs]);
    await fail(system, pidOf(pidOf(app, 'below'), 'a'), 'broken');
    await fail(system, pidOf(pidOf(app, 'below'), 'a'), 'broken');
    await settle(system);
    // The second crash has ended the supervisor, and was no restart of the child.
    expect(hourOf(system, 'a')).toEqual({ from: 0, part, counts: [1] });
    expect(hourOf(system, 'below')).toEqual({ from: 0, part, counts: [1] });

    const supervisor = pidOf(app, 'jobs') as DynamicSupervisor.Pid;
    const job = child('job', { restart: 'transient' });
    const first = await DynamicSupervisor.startChild(supervisor, job);
    await end(system, first ?? system.pid, crash('broken'));
    expect(hourOf(system, 'job')).toEqual({ from: 0, part, counts: [1] });
    await end(system, pidOf(supervisor, 'job'), { type: 'normal' });
    await DynamicSupervisor.startChild(supervisor, job);
    expect(pidOf(supervisor, 'job')).not.toBe(first);
    expect(hourOf(system, 'job')).toBeUndefined();
    await system.stop();
  });
});
