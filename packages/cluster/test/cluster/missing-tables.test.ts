import { expect, test } from '@jest/globals';
import { isAlive, shutdown } from '@reprise/actor';
import { advance, createProbe } from '@reprise/actor/testing';

import { Cluster, MissingTablesError, type OpenStore, type Store } from '../../src/index.ts';
import { intercepted } from '../support/intercepted.ts';
import { openStage, ttl } from '../support/stage.ts';

const message = 'Expected the tables of the schema reprise, got none';

/** A store that says of some requests, from a moment on, that its tables are gone. */
function losing(
  store: Store<undefined, 'async'>,
  isLost: (name: keyof OpenStore<never>) => boolean,
) {
  return intercepted(store, (name, _args, run) => {
    if (isLost(name)) {
      throw new MissingTablesError(message);
    }
    return run();
  });
}

test.each<[what: string, isLost: (name: keyof OpenStore<never>) => boolean]>([
  ['its tables', (name) => name !== 'close'],
  ['the owners alone', (name) => name === 'observe'],
])('PGC-17 a node that misses %s for T ends, and is not started again', async (_, isLost) => {
  await using stage = await openStage();
  const probe = createProbe(stage.system, { trapExit: true });
  let isGone = false;
  const store = losing(stage.store, (name) => isGone && isLost(name));
  const one = await stage.start('one', { store }, probe.self);
  await advance(stage.system, 500);
  isGone = true;
  await advance(stage.system, 0.95 * ttl);
  expect(isAlive(one)).toBe(true);
  await advance(stage.system, 0.5 * ttl);
  // Its supervisor has given up.
  await probe.expectExit(one, shutdown);
  expect(stage.system.reports.map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/supervisor .* gave up: .*StartError: Expected the tables/),
  );
});

test('PGC-17 a node whose tables are back before T goes on, and a second loss has T of its own', async () => {
  await using stage = await openStage();
  let isGone = false;
  const store = losing(stage.store, (name) => isGone && name !== 'close');
  const one = await stage.start('one', { store });
  await advance(stage.system, 500);
  for (let loss = 0; loss < 2; loss += 1) {
    isGone = true;
    await advance(stage.system, 0.8 * ttl);
    isGone = false;
    await advance(stage.system, 2 * ttl);
    expect(Cluster.status(one).node).toMatchObject({ phase: 'member', owned: 3 });
  }
  expect(stage.system.reports.map(({ message }) => message)).toContainEqual(
    expect.stringContaining(message),
  );
});
