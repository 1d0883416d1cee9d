import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { DurableStreamTestServer } from '@durable-streams/server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

import { type EventServer, startEventServer } from '../support/event-server.ts';
import { type Program, runProgram } from '../support/program.ts';
import type { Order } from './orders.ts';

const main = join(import.meta.dirname, 'main.ts');
let folder: string;
let server: DurableStreamTestServer;
let stream: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'durable-stream-'));
  // Its timers for streams outlive `stop`, each by this time at most.
  server = new DurableStreamTestServer({ port: 0, longPollTimeout: 1000 });
  stream = `${await server.start()}/orders`;
  await send('PUT');
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function send(method: string, order?: Order, headers: object = {}): Promise<void> {
  const { ok } = await fetch(stream, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(order && { body: JSON.stringify(order) }),
  });
  expect(ok).toBe(true);
}

async function append(...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    await send('POST', { number });
  }
}

/** The program, and the warehouse that it gives its orders to. */
function run(warehouse: EventServer): Program {
  return runProgram(main, join(folder, 'cursors.db'), stream, warehouse.url);
}

/** The number of the next order. The warehouse takes it, or never answers. */
async function nextOrder(warehouse: EventServer, isTaken = true): Promise<number> {
  const { request, response } = await warehouse.next();
  const { number } = (await json(request)) as Order;
  if (isTaken) {
    response.end();
  }
  return number;
}

test('the orders before are caught up with, and the others come as they are appended', async () => {
  await append(1, 2);
  await using warehouse = await startEventServer();
  await using program = run(warehouse);
  expect([await nextOrder(warehouse), await nextOrder(warehouse)]).toEqual([1, 2]);
  expect(await program.linesUntil(/ 2$/)).toEqual(['order 1', 'order 2']);
  await append(3);
  expect(await nextOrder(warehouse)).toBe(3);
  await program.linesUntil(/ 3$/);
  await send('POST', undefined, { 'stream-closed': 'true' });
  expect(await program.ended).toMatchObject({ status: 0, lines: [] });
});

test('after a kill -9 among the orders of a batch none is lost, and none is taken twice', async () => {
  await append(1, 2, 3, 4);
  await using warehouse = await startEventServer();
  const taken: number[] = [];
  await using first = run(warehouse);
  taken.push(await nextOrder(warehouse), await nextOrder(warehouse));
  // The third is under way: the two before it are acknowledged, and no offset has come yet.
  expect(await nextOrder(warehouse, false)).toBe(3);
  first.signal('SIGKILL');
  await first.ended;

  await append(5);
  await using second = run(warehouse);
  taken.push(await nextOrder(warehouse), await nextOrder(warehouse), await nextOrder(warehouse));
  expect(taken).toEqual([1, 2, 3, 4, 5]);
  await second.linesUntil(/ 5$/);
});

test('after a kill -9 between two batches the next program goes on with the second', async () => {
  await append(1);
  await using warehouse = await startEventServer();
  await using first = run(warehouse);
  expect(await nextOrder(warehouse)).toBe(1);
  await first.linesUntil(/ 1$/);
  await append(2);
  // The offset behind the first order is kept before the second one is handled.
  expect(await nextOrder(warehouse, false)).toBe(2);
  first.signal('SIGKILL');
  await first.ended;

  await using second = run(warehouse);
  expect(await nextOrder(warehouse)).toBe(2);
  expect(await second.linesUntil(/ 2$/)).toEqual(['order 2']);
});
