import { expect, test } from '@jest/globals';
import { crash, ExitError } from '@reprise/actor';
import { createTestSystem } from '@reprise/actor/testing';

import { leaveBudget, openBudget } from '../../src/budget/client-budgets.ts';
import { heldBytes } from '../support/garbage.ts';

test('a budget that the next client goes on with leaves nothing behind, not even its key', async () => {
  const system = createTestSystem();
  function live(): WeakRef<object> {
    const owner = { key: {}, isPermanent: false };
    openBudget(system, owner).take();
    const signal = AbortSignal.abort(new ExitError(crash(new Error('on purpose')), 'client'));
    leaveBudget({ pid: system.pid, system, signal, messageQueueLen: 0 }, owner);
    openBudget(system, owner);
    return new WeakRef(owner.key);
  }
  const key = live();
  // A weak reference holds its target until the end of the task.
  await new Promise(setImmediate);
  heldBytes();
  expect(key.deref()).toBeUndefined();
});
