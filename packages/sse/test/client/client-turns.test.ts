import { expect, test } from '@jest/globals';
import type { Pid } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { SseClient } from '../../src/index.ts';
import { jitter } from '../support/run.ts';
import { openStage, settleNetwork, type Stage } from '../support/stage.ts';

async function startClients(stage: Stage, count: number): Promise<readonly Pid[]> {
  const pids: Pid[] = [];
  for (let index = 0; index < count; index += 1) {
    const spec = SseClient.resilient({
      id: `client ${index}`,
      url: `${stage.url}?${index}`,
      handle: () => undefined,
    });
    pids.push((await spec.start(stage.system)) as Pid);
    (await stage.next()).refuse(503);
    await settleNetwork();
  }
  return pids;
}

test('clients that return to one origin wait for their turn; one that is stopped meanwhile takes no place, and none is forgotten', async () => {
  await using stage = await openStage();
  jitter(0);
  SseClient.limitRequests(stage.system, { origin: { perSecond: Infinity, inFlight: 1 } });
  const pids = await startClients(stage, 4);
  await advance(stage.system, 1000);
  const first = await stage.next();
  await settleNetwork();
  expect(stage.asked).toBe(5);
  const waiting = pids.filter((pid) => SseClient.status(pid).waitsForTurn);
  expect(waiting).toHaveLength(3);
  expect(SseClient.status(waiting[0] as Pid)).toMatchObject({
    state: 'disconnected',
    nextAttemptAt: undefined,
  });
  await SseClient.stop(waiting[0] as Pid);
  first.stream();
  (await stage.next()).stream();
  (await stage.next()).stream();
  await settleNetwork();
  const left = pids.filter((pid) => pid !== waiting[0]);
  expect(left.map((pid) => SseClient.status(pid).state)).toEqual(left.map(() => 'connected'));
  expect(stage.asked).toBe(7);
});
