import { expect, test } from '@jest/globals';
import { watch } from '@reprise/actor/inspect';
import { advance, createTestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { Structure } from '../../src/live/structure.ts';
import type { TreeRow } from '../../src/live/tree-rows.ts';
import { recordedOf } from '../../src/recording/record.ts';
import { anySlowStep, playSlow, startSlow } from '../support/slow-tree.ts';

/** Rows, and how many there are for a page. */
type Seen = readonly [rows: readonly TreeRow[], told: number];

const rowsOf = (structure: Structure): readonly TreeRow[] =>
  [...structure.rows].toSorted((a, b) => a.row - b.row);

test('rows that are kept current are those that one sees who comes later', async () => {
  const step = fc.tuple(anySlowStep, fc.boolean());
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
      const system = createTestSystem();
      const { recorder, restartHours } = recordedOf(system);
      const app = await startSlow(system);
      const kept = new Structure(system, recorder.history, restartHours);
      const unwatch = watch(system, kept);
      const seen: Record<'kept' | 'later', Seen[]> = { kept: [], later: [] };
      const told = new Map<number, string>();
      for (const [one, looks] of steps) {
        await playSlow(system, app, one);
        if (looks) {
          const { changed, removed } = kept.update();
          removed.forEach((row) => told.delete(row));
          changed.forEach((text) => told.set((JSON.parse(text) as TreeRow).row, text));
          const later = new Structure(system, recorder.history, restartHours);
          later.update();
          seen.kept.push([rowsOf(kept), told.size]);
          seen.later.push([rowsOf(later), later.size]);
        }
      }
      expect(seen.kept).toStrictEqual(seen.later);
      // A start that goes on would hold up the end.
      await advance(system, 60_000);
      unwatch();
      await system.stop();
    }),
    { numRuns: 150 },
  );
});
