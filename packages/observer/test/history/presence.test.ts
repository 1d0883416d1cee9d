import { expect, test } from '@jest/globals';

import { Presences } from '../../src/history/presence.ts';
import type { Row } from '../../src/history/rows.ts';

test('the start of a child looks at no sibling that runs, however many there are', () => {
  const presences = new Presences();
  let looks = 0;
  const rowOf = (number: number): Row => ({
    number,
    parent: undefined,
    name: '',
    uses: 1,
    get id() {
      looks += 1;
      return 'job';
    },
  });
  for (let number = 1; number <= 1000; number++) {
    expect(presences.unstarted(7, 'job')).toBeUndefined();
    const presence = presences.add(rowOf(number), 7, 0);
    expect(presences.unstarted(7, 'job')).toBe(presence);
    presences.runs(presence, { pid: number + 100, from: 0 });
  }
  expect(looks).toBe(1000);
  const gone = presences.add(rowOf(1001), 7, 0);
  presences.delete(gone);
  expect(presences.unstarted(7, 'job')).toBeUndefined();
});
