import { expect, test } from '@jest/globals';
import {
  crash,
  exit,
  kill,
  register,
  shutdownWith,
  spawn,
  Supervisor,
  whereis,
} from '@reprise/actor';
import { advance, createTestSystem, settle } from '@reprise/actor/testing';
import fc from 'fast-check';

import type { Change, ToldHour } from '../../src/live/change.ts';
import { HourFrames } from '../../src/live/hour-frames.ts';
import { changesAround, hourOf, latestChanges } from '../../src/live/hour.ts';
import { recordedOf } from '../../src/recording/record.ts';
import { child, fail, linked, start, type Worker } from '../support/tree.ts';

/** Of these lives, the reason of those that are written as crashes. */
const crashed = 'boom';

/** All changes of a recording, made of what it tells. */
function allOf({ processes, streams }: ReturnType<typeof recordedOf>): readonly Change[] {
  const ends = Array.from(processes, ({ path = '', pid, startedAt, endedAt, reason }): Change => {
    const kind = reason === crashed ? 'crash' : 'end';
    return { at: endedAt, path, kind, pid, lasted: endedAt - startedAt, reason };
  });
  const ofStreams = streams.flatMap(({ path, phases }) =>
    phases.flatMap(({ type, from, to = from, reason = '' }): readonly Change[] => [
      ...(type === 'connected'
        ? [{ at: from, path, kind: 'connected', pid: 0, lasted: 0, reason: '' } as const]
        : []),
      ...(reason === ''
        ? []
        : [{ at: to, path, kind: 'lost', pid: 0, lasted: to - from, reason } as const]),
    ]),
  );
  return [...ends, ...ofStreams].toSorted((a, b) => a.at - b.at);
}

const kinds = ['process', 'connected', 'connecting', 'waiting', 'ignored'] as const;

const anyLife = fc.record({
  child: fc.nat(3),
  /** Each change has a time of its own. */
  lasted: fc.nat(90).map((minutes) => minutes * 60_000 + 0.25),
  after: fc.integer({ min: 1, max: 300_000 }),
  kind: fc.constantFrom(...kinds),
  reason: fc.constantFrom(crashed, 'normal', 'killed', ''),
});

const times = (changes: readonly Change[]): readonly number[] => changes.map(({ at }) => at);

test('the hour, its newest changes and those around a time are those of all that has ended', () => {
  fc.assert(
    fc.property(fc.array(anyLife, { maxLength: 60 }), fc.nat(70), (all, minute) => {
      const system = createTestSystem();
      const recorded = recordedOf(system);
      const { history } = recorded.recorder;
      const rows = [0, 1, 2, 3].map((child) => history.takeRow(undefined, `child ${child}`));
      let to = 0;
      for (const { child, lasted, after, kind, reason } of all) {
        to += after;
        const [row] = rows.slice(child);
        if (kind === 'process') {
          const isCrash = reason === crashed;
          const from = to - 2000 - lasted;
          history.ended({ pid: 1000 + to, from, to, handled: 3, isCrash }, reason, to);
        } else if (row !== undefined) {
          history.phaseEnded(row, { pid: 7, from: to - lasted, to, kind, reason }, to);
        }
      }
      const changes = allOf(recorded);
      const [now, time] = [to + 1000, minute * 60_000];
      const { from, part, crashes, changes: others } = hourOf(recorded, now);
      const inHour = changes.filter(({ at }) => at >= from);
      const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
      expect(from).toBe(now - 120 * part);
      expect(sum(crashes)).toBe(inHour.filter(({ kind }) => kind === 'crash').length);
      expect(sum(others)).toBe(inHour.filter(({ kind }) => kind !== 'crash').length);
      const first = inHour.findLast(({ kind }) => kind === 'crash')?.at;
      expect(first === undefined || crashes[Math.floor((first - from) / part)] !== 0).toBe(true);
      expect(times(latestChanges(recorded, now, 12))).toEqual(
        times(
          changes
            .filter(({ at }) => at <= now)
            .slice(-12)
            .toReversed(),
        ),
      );
      const next = changes.filter(({ at }) => at > time).slice(0, 5);
      const before = changes.filter(({ at }) => at <= time).slice(-5);
      const around = changesAround(recorded, time, 5);
      expect(times(around)).toEqual(times([...before, ...next]));
      expect(changes).toEqual(expect.arrayContaining([...around]));
    }),
    { numRuns: 60 },
  );
});

const crashesIn = (recorded: ReturnType<typeof recordedOf>, now: number): number =>
  hourOf(recorded, now).crashes.reduce((sum, count) => sum + count);

test('the crashes of the hour are those of the book, and none that was taken along', async () => {
  const system = createTestSystem();
  const recorded = recordedOf(system);
  const failing = crash(new Error('no database'));
  const app = await start(system, [
    child('a'),
    child('b'),
    Supervisor.childSpec({
      id: 'store',
      strategy: 'oneForOne',
      maxRestarts: 2,
      children: [child('db', { plan: [undefined, failing, failing] })],
    }),
  ]);
  const childOf = (supervisor: Supervisor.Pid, id: string): Worker =>
    Supervisor.child(supervisor as never, id as never) as Worker;
  const counts = () => [recorded.crashCount, crashesIn(recorded, system.clock.now())];
  linked(system, [childOf(app, 'a'), childOf(app, 'b')]);
  await settle(system);
  await fail(system, childOf(app, 'a'), 'one');
  expect(counts()).toStrictEqual([1, 1]);
  exit(system, childOf(app, 'b'), kill);
  await settle(system);
  expect(counts()).toStrictEqual([2, 2]);
  // Its end, two failed starts, and the end of its supervisor, which gave up.
  await fail(system, childOf(childOf(app, 'store') as never, 'db'), 'lost');
  expect(counts()).toStrictEqual([6, 6]);
  await system.stop();
});

test('the hour counts no orderly end as a crash, also if there was no room for its reason', async () => {
  const system = createTestSystem();
  const recorded = recordedOf(system);
  for (let count = 0; count < 2100; count++) {
    const pid = spawn(system, (self) => self.receive());
    exit(system, pid, shutdownWith(`done ${count}`));
  }
  expect([...recorded.processes].at(-1)?.reason).toBe('another reason');
  expect(crashesIn(recorded, system.clock.now())).toBe(0);
  await system.stop();
});

test('the hour tells the six slowest callbacks, and none that was before it', async () => {
  const system = createTestSystem();
  const recorded = recordedOf(system);
  const hours = new HourFrames(system.clock, recorded);
  const told = (): readonly number[] => {
    const [, data = ''] = /^data: (.*)$/m.exec(hours.frame()) ?? [];
    return (JSON.parse(data) as ToldHour).slowest.map(({ ms }) => ms);
  };
  expect(told()).toStrictEqual([]);
  for (let ms = 101; ms <= 110; ms++) {
    register(
      system,
      `name ${ms}`,
      spawn(system, (self) => self.receive()),
    );
    recorded.trouble.slow(whereis(system, `name ${ms}`) ?? system.pid, ms);
  }
  expect(told()).toStrictEqual([110, 109, 108, 107, 106, 105]);
  await advance(system, 3_600_000);
  expect(told()).toStrictEqual([]);
});
