import { expect, test } from '@jest/globals';
import type { TestSystem } from '@reprise/actor/testing';
import { advance } from '@reprise/actor/testing';

import { Cluster, type OpenStore } from '../../src/index.ts';
import { intercepted } from '../support/intercepted.ts';
import { openStage, ttl } from '../support/stage.ts';

test.each([
  { request: 'declare', ms: 0.4 * ttl, failed: undefined },
  { request: 'save', ms: 0.4 * ttl, failed: undefined },
  { request: 'save', ms: 0.6 * ttl, failed: { request: 'save' } },
  { request: 'claim', ms: 0.4 * ttl, failed: { request: 'claim' } },
] as const)(
  'a store that takes $ms ms of a ttl of 1,000 to $request fails: $failed.request',
  async ({ request, ms, failed }) => {
    await using stage = await openStage();
    const store = intercepted(stage.store, (name: keyof OpenStore<never>, _args, run) =>
      name === request ? after(stage.system, ms).then(run) : run(),
    );
    const one = await stage.start('one', { store });
    await advance(stage.system, 500);
    if (request !== 'claim') {
      await advance(stage.system, 500);
      await stage.produce('a');
    }
    await advance(stage.system, 1200);
    const { lastFailure } = Cluster.status(one).store;
    expect(lastFailure?.request).toBe(failed?.request);
  },
);

function after({ clock }: TestSystem, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, ms);
  });
}
