import { expect, test } from '@jest/globals';

import { MemoryTables } from '../../src/memory/tables.ts';
import { free, newNode, nothing } from '../store/arrange.ts';

test('the row of a node that was buried an hour ago and owns nothing is removed by the next that joins', () => {
  let date = 0;
  const tables = new MemoryTables(() => date);
  const [idle, owner, watcher] = [newNode(), newNode(), newNode()];
  const dead = [idle, owner].map(({ id }) => ({ id, renewal: id }));
  tables.join(idle, idle.id);
  tables.join(owner, owner.id);
  tables.declare([{ key: 'eur', spec: '' }]);
  tables.claim(owner.id, [free('eur', 0)]);
  tables.observe(watcher.id, dead, nothing);
  const joinsAnew = (): readonly string[] => {
    tables.join(watcher, 'value');
    tables.join(idle, 'value');
    tables.join(owner, 'value');
    return tables.watch().map(({ id }) => id);
  };
  date = 3_600_000;
  expect(joinsAnew()).toEqual([watcher.id]);
  date += 1;
  // As a node that nobody knows. The other one makes its stream free, and has a strike for that.
  expect(joinsAnew()).toEqual([watcher.id, idle.id]);
});
