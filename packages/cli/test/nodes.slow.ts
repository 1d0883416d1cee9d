import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { onPostgres } from '../../../tools/postgres/describe.ts';
import { type PostgresServer, startPostgres } from '../../../tools/postgres/server.ts';
import { reprise, runReprise } from './support/reprise.ts';
import { serve, stream } from './support/server.ts';

const names = Array.from({ length: 10 }, (_, index) => `s${index}`);

interface Line {
  readonly source: string;
  readonly id: string;
  readonly data: string;
}

/** Longer than a pipe takes at once. */
const filler = 'x'.repeat(10_000);

/** Each path is a stream of so many events, which goes on after Last-Event-ID. */
async function serveNumbers(last: number): Promise<readonly string[]> {
  const { port } = await serve((request, response) => {
    send(request, response, last);
  });
  return names.map((name) => `http://127.0.0.1:${port}/${name}`);
}

function send(request: IncomingMessage, response: ServerResponse, last: number): void {
  const from = Number(request.headers['last-event-id'] ?? 0);
  const numbers = Array.from({ length: last - from }, (_, index) => from + index + 1);
  stream(response, numbers.map((number) => `id: ${number}\ndata: ${filler}${number}\n\n`).join(''));
}

/** A line that is mixed with another one does not parse. */
function linesIn(stdout: readonly string[]): readonly string[] {
  return stdout.map((text) => {
    const { source, id, data } = JSON.parse(text) as Line;
    expect(data).toBe(`${filler}${id}`);
    return `${source} ${id}`;
  });
}

function storeFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'reprise-')), 'f.db');
}

describe('reprise tail --workers', () => {
  test('WRK-05 workers print each event once, in whole lines, and as many as --count', async () => {
    const last = 30;
    const urls = await serveNumbers(last);
    const tail = ['tail', '--workers', '2', '--store', storeFile(), '--json', '--count'];
    const first = await runReprise(...tail, '137', ...urls);
    const rest = await runReprise(...tail, `${10 * last - 137}`, ...urls);
    expect([first.status, rest.status]).toEqual([0, 0]);
    expect(first.stdout).toHaveLength(137);
    const lines = linesIn([...first.stdout, ...rest.stdout]);
    const all = urls.flatMap((url) =>
      Array.from({ length: last }, (_, index) => `${url} ${index + 1}`),
    );
    expect(lines.toSorted()).toEqual(all.toSorted());
  });

  test('a store that refuses one worker is told once, with status 3', async () => {
    const urls = await serveNumbers(1);
    const file = '/no/such/folder/f.db';
    const { status, stdout, stderr } = await runReprise(
      'tail',
      '--workers',
      '2',
      '--store',
      file,
      ...urls,
    );
    expect(stderr).toEqual([
      `Expected ${file} to be a file of a cluster that can be written, got: no folder /no/such/folder`,
    ]);
    expect(stdout).toEqual([]);
    expect(status).toBe(3);
  });

  test.each([[[]], [['--workers', '2']]])(
    'ends with status 3 without its tables: %j',
    async (workers) => {
      const { port } = await serve((_request, response) => {
        stream(response);
      });
      const file = storeFile();
      const run = reprise('tail', ...workers, '--store', file, `http://127.0.0.1:${port}/feed`);
      await run.stderr.until(/^connected$/);
      const database = new DatabaseSync(file);
      database.exec(
        'pragma busy_timeout = 10000; drop table reprise_owners; drop table reprise_nodes',
      );
      database.close();
      expect(await run.whenExited).toBe(3);
      expect(run.stderr.all.filter((line) => line.startsWith('Expected '))).toEqual([
        `Expected the tables of a cluster in ${file}, got: no such table: reprise_nodes`,
      ]);
    },
  );

  test('the stream of one program goes on in another that has the same file', async () => {
    const [url = ''] = await serveNumbers(3);
    const tail = ['tail', '--store', storeFile(), '--json', '--count'];
    const first = await runReprise(...tail, '2', url);
    const second = await runReprise(...tail, '1', url);
    expect(linesIn([...first.stdout, ...second.stdout])).toEqual([
      `${url} 1`,
      `${url} 2`,
      `${url} 3`,
    ]);
    expect(first.stderr).toContain('owned');
  });
});

/** Names the modules of a cluster, and of the driver of Postgres, on stderr as they are loaded. */
const loads = `import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    const name = /packages.cluster.src|node_modules.pg.lib/.exec(url)?.[0];
    if (name !== undefined) {
      console.error('loads ' + name.slice(0, 14));
    }
    return next(url, context);
  },
});`;

test('a program loads a cluster only with --store, and pg only with a Postgres', async () => {
  const [url = ''] = await serveNumbers(1);
  const main = join(import.meta.dirname, '..', 'src', 'main.ts');
  const hook = `data:text/javascript,${encodeURIComponent(loads)}`;
  const flags = ['--conditions=@reprise/source', '--import', hook, main];
  const loaded = async (...args: readonly string[]): Promise<ReadonlySet<string>> => {
    const child = spawn(process.execPath, [...flags, 'tail', '--count', '1', ...args, url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const lines = (await text(child.stderr)).split('\n');
    return new Set(lines.filter((line) => line.startsWith('loads ')));
  };
  expect(await loaded()).toEqual(new Set());
  expect(await loaded('--store', storeFile())).toEqual(new Set(['loads packages/clust']));
  expect(await loaded('--store', 'postgres://127.0.0.1:1/x')).toEqual(
    new Set(['loads packages/clust', 'loads node_modules/p']),
  );
});

onPostgres('with a Postgres', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(() => server.close());

  test('WRK-06 of two programs one is killed, and the other prints the rest', async () => {
    let last = 0;
    const readers = new Set<ServerResponse>();
    const { port } = await serve((request, response) => {
      send(request, response, last);
      readers.add(response);
      response.on('close', () => readers.delete(response));
    });
    const make = (): void => {
      last += 1;
      for (const reader of readers) {
        reader.write(`id: ${last}\ndata: ${filler}${last}\n\n`);
      }
    };
    const timer = setInterval(make, 200);
    const urls = names.map((name) => `http://127.0.0.1:${port}/${name}`);
    const start = (node: string) =>
      reprise('tail', '--store', server.url(), '--node', node, '--json', ...urls);
    const [a, b] = [start('a'), start('b')];
    await Promise.all([a.stdout.count(20), b.stdout.count(20)]);
    a.process.kill('SIGKILL');
    await a.whenExited;
    const lost = new Set(
      a.stdout.all.slice(0, -1).map((text) => (JSON.parse(text) as Line).source),
    );
    for (const source of lost) {
      await b.stdout.until(new RegExp(`"source":"${source}".*"id":"${last}"`));
    }
    clearInterval(timer);
    for (const url of urls) {
      await b.stdout.until(new RegExp(`"source":"${url}".*"id":"${last}"`));
    }
    b.process.kill('SIGTERM');
    expect(await b.whenExited).toBe(0);
    const shown = new Set(linesIn([...a.stdout.all.slice(0, -1), ...b.stdout.all]));
    const all = urls.flatMap((url) =>
      Array.from({ length: last }, (_, index) => `${url} ${index + 1}`),
    );
    expect(all.filter((line) => !shown.has(line))).toEqual([]);
    expect(b.stderr.all.filter((line) => line.endsWith(' owned')).length).toBeGreaterThanOrEqual(
      10,
    );
  });
});
