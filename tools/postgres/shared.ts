import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import process from 'node:process';
import { text } from 'node:stream/consumers';

import pg from 'pg';

import { type PostgresServer, startPostgres } from './server.ts';

/** The environment variable with the port at which the URL of the shared server is told. */
const variable = 'REPRISE_TEST_POSTGRES';

/**
 * Offers one server of Postgres to all test files of a run; jest calls it before them. The server
 * starts when the first file asks for it, since most runs need none. It belongs to jest's own
 * process, not to a worker, which may end early, and ends after it.
 */
export async function offerPostgres(): Promise<void> {
  let started: Promise<PostgresServer> | undefined;
  const desk = createServer((socket) => {
    socket.on('error', () => {});
    started ??= startPostgres();
    void started.then((server) => server.url(), String).then((answer) => socket.end(answer));
  });
  process.env[variable] = String(await listen(desk));
}

async function listen(desk: Server): Promise<number> {
  await once(desk.listen(0, '127.0.0.1'), 'listening');
  desk.unref();
  const address = desk.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The URL of a new, empty database on the server that all test files of a run share. */
export async function testDatabase(): Promise<string> {
  const url = await sharedUrl();
  // A worker of jest runs many files, and each loads this module anew: no counter is unique.
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${name}`);
  } finally {
    await client.end();
  }
  return url.replace(/[^/]*$/, name);
}

async function sharedUrl(): Promise<string> {
  const port = Number(process.env[variable]);
  const answer = await text(connect(port, '127.0.0.1'));
  if (!answer.startsWith('postgres:')) {
    throw new Error(`Expected a server of Postgres, got ${answer}`);
  }
  return answer;
}
