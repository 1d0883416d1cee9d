import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { KeyTable } from '../../src/collections/key-table.ts';
import { collectGarbage } from '../support/garbage.ts';

const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`);
const key = fc.constantFrom(...keys);
const change = fc.oneof(
  fc.record({ type: fc.constant('set' as const), key, value: fc.nat() }),
  fc.record({ type: fc.constant('delete' as const), key }),
);

test('a key table holds the same as a map', () => {
  fc.assert(
    fc.property(fc.array(change, { size: 'max', maxLength: 200 }), (changes) => {
      const table = new KeyTable<{ readonly value: number }>();
      const map = new Map<string, { readonly value: number }>();
      for (const one of changes) {
        if (one.type === 'set') {
          table.set(one.key, one);
          map.set(one.key, one);
        } else {
          table.delete(one.key);
          map.delete(one.key);
        }
        const held = keys.map((each) => table.get(each));
        expect(held).toEqual(keys.map((each) => map.get(each)));
      }
    }),
  );
});

test('keys that do not come back are forgotten', async () => {
  const table = new KeyTable<object>();
  const before = await heap();
  for (let count = 0; count < 200_000; count++) {
    table.set(`key ${count}`, {});
    table.delete(`key ${count}`);
  }
  expect((await heap()) - before).toBeLessThan(1e6);
  expect(table.get('key 0')).toBeUndefined();
});

async function heap(): Promise<number> {
  await collectGarbage();
  return process.memoryUsage().heapUsed;
}
