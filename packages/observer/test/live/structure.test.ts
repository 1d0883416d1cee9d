import { describe, expect, test } from '@jest/globals';
import { exit, GenServer, kill, normal, ok, Supervisor, sys } from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

import { observerHandler } from '../../src/index.ts';
import type { TreeRow } from '../../src/wire.ts';
import { child, end, start } from '../support/tree.ts';

/** A child whose start takes so many ms. */
const slow = (id: string, ms: number) => {
  const server = GenServer.define({
    init: async (_: undefined, self) => {
      await new Promise<void>((resolve) => {
        self.system.clock.setTimeout(resolve, ms);
      });
      return ok(0);
    },
  });
  return GenServer.childSpec(server, undefined, { id });
};

/** The rows of a system while a page is open, and once none is. */
async function openPage(system: TestSystem) {
  const { fetch } = observerHandler(system, { gate: () => true });
  const { body } = await fetch(new Request('http://a/api/live'));
  const rows = async () => {
    const answer = await fetch(new Request('http://a/api/tree'));
    return ((await answer.json()) as { rows: readonly TreeRow[] }).rows;
  };
  const close = async (): Promise<void> => {
    await body?.cancel();
    await advance(system, 20_000);
  };
  return { rows, close };
}

const childOf = (app: Supervisor.Pid, id: string) => Supervisor.child(app, id as never);

describe('the rows of the tree, while a page is open,', () => {
  test('have each process once, also one that took long to start', async () => {
    const system = createTestSystem();
    const starting = start(system, [slow('db', 1200)]);
    await advance(system, 1200);
    const app = await starting;
    const page = await openPage(system);
    for (let round = 0; round < 2; round++) {
      exit(system, childOf(app, 'db'), kill);
      await advance(system, 3000);
      const { id: pid } = childOf(app, 'db');
      expect((await page.rows()).map((row) => [row.id, row.pid])).toEqual([
        ['app', app.id],
        ['db', pid],
      ]);
    }
    await page.close();
    await system.stop();
  });

  test('have a supervisor once that got its first child late', async () => {
    const system = createTestSystem();
    const page = await openPage(system);
    const app = await start(system, []);
    await advance(system, 1000);
    await Supervisor.startChild(app, child('a'));
    await advance(system, 1000);
    expect((await page.rows()).map(({ id }) => id)).toEqual(['app', 'a']);
    await page.close();
    await system.stop();
  });

  test('have no process of a child that has ended and is not restarted', async () => {
    const system = createTestSystem();
    const app = await start(system, [child('job', { restart: 'transient' }), child('b')]);
    const page = await openPage(system);
    await end(system, childOf(app, 'job'), normal);
    await advance(system, 1000);
    const rows = await page.rows();
    expect(rows[1]).toMatchObject({ id: 'job', state: 'stopped', reason: 'normal' });
    expect(rows[1]).not.toHaveProperty('pid');
    await page.close();
    expect(await page.rows()).toEqual(rows);
    await system.stop();
  });

  test('tell how a child has ended whose supervisor learns of that late', async () => {
    const system = createTestSystem();
    const app = await start(system, [child('job', { restart: 'transient' })]);
    const page = await openPage(system);
    await sys.suspend(app);
    await end(system, childOf(app, 'job'), normal);
    const job = async () => (await page.rows()).find(({ id }) => id === 'job');
    expect(await job()).toMatchObject({ state: 'stopped' });
    await sys.resume(app);
    await settle(system);
    expect(await job()).toMatchObject({ state: 'stopped', reason: 'normal' });
    await page.close();
    await system.stop();
  });

  test('have no restart that was more than an hour and five minutes ago', async () => {
    const system = createTestSystem();
    const app = await start(system, [child('a')]);
    const page = await openPage(system);
    exit(system, childOf(app, 'a'), kill);
    const hours = async () => (await page.rows()).map(({ restartHour }) => restartHour?.counts);
    await advance(system, 3_899_999);
    expect(await hours()).toEqual([undefined, [1]]);
    await advance(system, 1);
    expect(await hours()).toEqual([undefined, undefined]);
    await page.close();
    await system.stop();
  });
});
