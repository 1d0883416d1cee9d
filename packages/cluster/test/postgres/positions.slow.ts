import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';

import { testDatabase } from '../../../../tools/postgres/shared.ts';
import type { InsertOptions } from '../programs/insert-events.ts';
import { Queue } from '../support/queue.ts';
import { onPostgres, until } from './support.ts';

/** A request of the stream: the position after which it asks, and its answer, which stays open. */
interface Request {
  readonly after: string | undefined;
  readonly response: ServerResponse;
}

onPostgres('the positions of a stream, over kill -9 of its node', () => {
  let url: string;
  let client: pg.Client;
  let server: Server;
  let requests: Queue<Request>;
  let node: ChildProcess | undefined;

  beforeEach(async () => {
    url = await testDatabase();
    client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('create table effect (id bigserial, body text, batch int)');
    requests = new Queue();
    server = createServer(({ headers }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      requests.push({ after: headers['last-event-id'] as string | undefined, response });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterEach(async () => {
    await killed();
    server.closeAllConnections();
    server.close();
    await client.end();
  });

  /** Starts a node, which takes the stream once the last one's lease is over, and asks for it. */
  async function start(sink: InsertOptions['sink'] = 'transact'): Promise<Request> {
    const { port } = server.address() as AddressInfo;
    const options = { url, source: `http://127.0.0.1:${port}/`, sink };
    const program = join(import.meta.dirname, '../programs/insert-events.ts');
    node = spawn(
      process.execPath,
      ['--conditions=@reprise/source', program, JSON.stringify(options)],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    return requests.next();
  }

  async function killed(): Promise<void> {
    if (node !== undefined) {
      const ended = once(node, 'exit');
      node.kill('SIGKILL');
      await ended;
      node = undefined;
    }
  }

  async function bodies(): Promise<readonly string[]> {
    const { rows } = await client.query<{ body: string }>('select body from effect order by id');
    return rows.map(({ body }) => body);
  }

  function untilThere(body: string): Promise<void> {
    return until(async () => (await bodies()).at(-1) === body);
  }

  test('TX-12 events without an id, after an empty id, or with one id for three are there once, in order', async () => {
    const { after, response } = await start();
    expect(after).toBeUndefined();
    response.write('data: a\n\nid: 1\ndata: b\n\ndata: c\n\nid\ndata: d\n\ndata: e\n\n');
    response.write('id: 7\ndata: f\n\nid: 7\ndata: g\n\nid: 7\ndata: h\n\n');
    await untilThere('h');
    expect(await bodies()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
  });

  test('TX-12 after a kill only the events after the last id come again', async () => {
    const first = await start();
    first.response.write('id: 1\ndata: a\n\ndata: b\n\n');
    await untilThere('b');
    await killed();
    const second = await start();
    expect(second.after).toBe('1');
    second.response.write('data: b\n\nid: 2\ndata: c\n\nid\ndata: d\n\n');
    await untilThere('d');
    await killed();
    // The id was taken back.
    const third = await start();
    expect(third.after).toBeUndefined();
    expect(await bodies()).toEqual(['a', 'b', 'b', 'c', 'd']);
  });

  test('TX-13 the cursor has the id of a block without data once its connection has ended', async () => {
    const first = await start();
    first.response.end('id: 4\ndata: a\n\nid: 5\n\n');
    const again = await requests.next();
    expect(again.after).toBe('5');
    await killed();
    const second = await start();
    expect(second.after).toBe('5');
    expect(await bodies()).toEqual(['a']);
  });

  test('TX-14 one event is there at once, and 5,000 that have arrived in ten batches of 500, in order', async () => {
    const { response } = await start('transactBatch');
    const numbers = Array.from({ length: 5001 }, (_, index) => `${index + 1}`);
    const [one = '', ...others] = numbers.map((number) => `id: ${number}\ndata: ${number}\n\n`);
    // Its handler waits until all others have arrived.
    await client.query('begin');
    await client.query('lock table effect in exclusive mode');
    response.write(one);
    await until(async () => {
      const { rows } = await client.query('select from pg_locks where not granted');
      return rows.length > 0;
    });
    await new Promise((resolve) => response.write(others.join(''), resolve));
    await client.query('commit');
    await untilThere('5001');
    expect(await bodies()).toEqual(numbers);
    const { rows } = await client.query<{ batch: number; count: number }>(
      'select batch, count(*)::int as count from effect group by batch order by batch',
    );
    expect(rows).toEqual([
      { batch: 1, count: 1 },
      { batch: 500, count: 5000 },
    ]);
  });
});
