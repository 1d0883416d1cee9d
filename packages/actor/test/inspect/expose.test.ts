import { describe, expect, test } from '@jest/globals';
import { exit, kill } from '@reprise/actor';
import { expose, exposed, facetOf, watch } from '@reprise/actor/inspect';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { idleProcess } from '../support/processes.ts';

describe('a facet', () => {
  test('has the facets of one kind of all processes, until these end', async () => {
    const system = createTestSystem();
    const [one, two] = [await idleProcess(system), await idleProcess(system)];
    expose(one, 'stream', { read: () => 1 });
    expose(one, 'other', { read: () => 2 });
    expose(two, 'stream', { read: () => 3 });
    const read = (kind: string): unknown =>
      [...exposed(system, kind)].map(([pid, facet]) => [pid, facet.read()]);
    expect(read('stream')).toStrictEqual([
      [one.pid, 1],
      [two.pid, 3],
    ]);
    expose(two, 'stream', { read: () => 4 });
    exit(system, one.pid, kill);
    await settle(system);
    expect([read('stream'), read('other')]).toStrictEqual([[[two.pid, 4]], []]);
    expose(one, 'stream', { read: () => 5 });
    expect(read('stream')).toStrictEqual([[two.pid, 4]]);
    expect([...exposed(createTestSystem(), 'stream')]).toStrictEqual([]);
  });

  test('of one process is found by its pid, also while its end is told, and not after', async () => {
    const system = createTestSystem();
    const one = await idleProcess(system);
    expose(one, 'stream', { read: () => 1 });
    const read = (kind: string): unknown => facetOf(one.pid, kind)?.read();
    expect([read('stream'), read('other')]).toStrictEqual([1, undefined]);
    const atEnd: unknown[] = [];
    watch(system, { ended: () => atEnd.push(read('stream')) });
    exit(system, one.pid, kill);
    await settle(system);
    expect([atEnd, read('stream')]).toStrictEqual([[1], undefined]);
  });

  test('refuses a facet that cannot be read', () => {
    expect(() => expose(createTestSystem(), 'stream', 3 as never)).toThrow(
      'Expected a facet { read(): … }, got 3',
    );
  });
});
