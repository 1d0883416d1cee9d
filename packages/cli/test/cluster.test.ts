import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, test } from '@jest/globals';
import { systemClock } from '@reprise/actor';
import { sqlite, sqliteSql } from '@reprise/cluster/sqlite';

import { parseArguments } from '../src/arguments.ts';
import { clusterLines } from '../src/cluster/lines.ts';
import { runCluster } from '../src/cluster/run.ts';
import type { ClusterTask } from '../src/cluster/task.ts';
import { main } from './support/program.ts';
import { runReprise } from './support/reprise.ts';

const onLinux = process.platform === 'linux' ? test : test.skip;
const noSecrets = expect.not.stringContaining('S3CRET');
const secretKey = 'https://joe:S3CRET@example.com/?token=S3CRET';
const shownKey = 'https://example.com/?token=[redacted]';

/** A file with the streams eur and `secretKey`; the second is parked. */
async function fileWithStreams(): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'cluster.db');
  const nothing = (): void => undefined;
  const options = { ttl: 3000, clock: systemClock(), onError: nothing, onWarning: nothing };
  const store = await sqlite(file).open(options);
  await store.join({ id: 'x', name: 'a', weight: 1, ttl: 3000, host: 'h', pid: 7 }, 'r');
  await store.declare([
    { key: 'eur', spec: '' },
    { key: secretKey, spec: '' },
  ]);
  const { free } = await store.observe('x', [], { count: 0, epochs: 0 });
  const claims = await store.claim('x', free);
  await store.save(
    'x',
    claims
      .filter(({ key }) => key === secretKey)
      .map(({ key, epoch }) => ({
        key,
        epoch,
        outcome: 'crashed' as const,
        strikes: 5,
        parked: { reason: `no answer of ${secretKey}`, retryIn: 3_600_000 },
      })),
  );
  await store.close();
  return file;
}

describe('reprise cluster', () => {
  test('status prints nodes and streams, parked ones first, without joining', async () => {
    const place = { type: 'file', file: await fileWithStreams() } as const;
    const { text, status } = await runCluster({ type: 'status', place, json: false, limit: 9 });
    expect(text.split('\n').slice(1)).toEqual([
      '',
      'NODE  STREAMS  HOST  PROCESS  SEEN',
      expect.stringMatching(/^a     0        h     7        \d s ago/),
      '',
      '2 streams: 0 free, 0 with strikes, 1 parked',
      expect.stringMatching(/^STREAM +NODE +EPOCH$/),
      expect.stringMatching(
        /^https:\/\/example.com\/\?token=\[redacted\] +- +\d+ +parked: no answer of .*, tried again in \d+ s$/,
      ),
      expect.stringMatching(/^eur +a +\d+$/),
      '',
    ]);
    expect(text).toEqual(noSecrets);
    expect(status).toBe(0);
  });

  test('status says that a node has not renewed its lease for longer than its ttl', async () => {
    const file = await fileWithStreams();
    const database = new DatabaseSync(file);
    database.exec('update reprise_nodes set renewed_at = renewed_at - 72000, draining = 1');
    database.close();
    const task = { type: 'status', place: { type: 'file', file }, limit: 9 } as const;
    const { text } = await runCluster({ ...task, json: false });
    expect(text).toMatch(
      /^a +0 +h +7 +7\d s ago {2}draining, no renewal for longer than its ttl of 3 s$/m,
    );
    const { nodes } = JSON.parse((await runCluster({ ...task, json: true })).text);
    expect(nodes[0].sinceRenewal).toBeGreaterThanOrEqual(72_000);
  });

  test('status --json prints one object, without secrets', async () => {
    const place = { type: 'file', file: await fileWithStreams() } as const;
    const { text } = await runCluster({ type: 'status', place, json: true, limit: 1 });
    expect(JSON.parse(text)).toMatchObject({
      engine: expect.stringMatching(/^SQLite /),
      nodes: [{ name: 'a', pid: 7 }],
      streams: { total: 2, parked: 1 },
      rows: [{ key: shownKey, strikes: 5 }],
    });
    expect(text).toEqual(noSecrets);
  });

  test('says how many streams it leaves out', () => {
    const streams = { total: 3, free: 3, suspects: 0, parked: 0 };
    expect(clusterLines('SQLite', { nodes: [], streams, rows: [] }).at(-1)).toBe(
      'and 3 more: --limit shows them',
    );
  });

  test('retry runs a parked stream again, whose key is given as status prints it', async () => {
    const file = await fileWithStreams();
    const place = { type: 'file', file } as const;
    expect(await runCluster({ type: 'retry', place, json: false, key: shownKey })).toEqual({
      text: `"${shownKey}" is tried again\n`,
      status: 0,
    });
    const { text } = await runCluster({ type: 'status', place, json: true, limit: 9 });
    expect(JSON.parse(text)).toMatchObject({ streams: { parked: 0 } });
  });

  test('retry of a stream that nobody knows is status 1', async () => {
    const place = { type: 'file', file: await fileWithStreams() } as const;
    expect(await runCluster({ type: 'retry', place, json: true, key: 'usd' })).toEqual({
      text: 'Expected the key of a stream of the store, got "usd"\n',
      status: 1,
    });
  });

  test.each<ClusterTask['type']>(['status', 'retry'])(
    '%s of a file that is no store is status 3, and it stays as it was',
    async (type) => {
      const file = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'other.db');
      const database = new DatabaseSync(file);
      database.exec('create table price (body)');
      const before = readFileSync(file);
      const task = { type, place: { type: 'file', file }, json: false, limit: 9, key: 'eur' };
      expect(await runCluster(task as ClusterTask)).toEqual({
        text: `Expected the tables of a cluster in ${file}, got none: a node that starts makes them\n`,
        status: 3,
      });
      expect(readFileSync(file)).toEqual(before);
      database.close();
    },
  );

  test('a file that is empty is status 3, and stays empty', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'empty.db');
    writeFileSync(file, '');
    const place = { type: 'file', file } as const;
    const { status } = await runCluster({ type: 'status', place, json: false, limit: 9 });
    expect([status, readFileSync(file).length]).toEqual([3, 0]);
  });

  onLinux('a text that a full disk does not take is status 1', () => {
    const full = openSync('/dev/full', 'w');
    const args = ['--conditions=@reprise/source', main, 'cluster', 'sql'];
    const stdio = ['ignore', full, 'pipe'] as const;
    const { status, stderr } = spawnSync(process.execPath, args, {
      stdio: [...stdio],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(stderr).toMatch(/^Expected the output to be written, got .*ENOSPC.*\n$/);
    expect(status).toBe(1);
  });

  test('sql prints the statements for a Postgres, with the grants of a role', async () => {
    const { status, stdout } = await runReprise('cluster', 'sql', '--role', 'app');
    expect(stdout.join('\n')).toContain('grant usage on schema reprise to app;');
    expect(status).toBe(0);
  });

  test('sql --store FILE prints the statements for a file of SQLite, and makes none', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'reprise-')), 'cluster.db');
    const { status, stdout } = await runReprise('cluster', 'sql', '--store', file);
    expect(`${stdout.join('\n')}\n`).toBe(sqliteSql());
    expect(status).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  test('sql --store with a Postgres prints its statements, and opens none', () => {
    const url = 'postgres://joe:S3CRET@example.invalid/shop';
    expect(parseArguments(['cluster', 'sql', '--store', url, '--schema', 'x'])).toEqual({
      type: 'cluster',
      task: { type: 'sql', engine: 'postgres', schema: 'x' },
    });
  });

  test.each([
    [['cluster'], `Expected a command, as in 'reprise cluster status --store FILE', got none\n`],
    [
      ['cluster', 'state'],
      `Expected a command, as in 'reprise cluster status --store FILE', got state (Did you mean status?)\n`,
    ],
    [['cluster', 'status'], 'Expected --store with a file or a URL of Postgres, got none\n'],
    [
      ['cluster', 'status', '--store', '/no/file'],
      'Expected --store to name a file that is there, got "/no/file"\n',
    ],
    [
      ['cluster', 'sql', '--store', 'f.db', '--role', 'app'],
      'Expected --role only for a Postgres, which has roles and schemas, got "f.db"\n',
    ],
    [
      ['cluster', 'sql', '--store', 'mysql://db/shop'],
      'Expected --store to be a file or a URL such as postgres://host/database, got "mysql://db/shop"\n',
    ],
    [
      ['cluster', 'retry', '--store', main],
      `Expected the key of a stream, as in 'reprise cluster retry --store FILE KEY', got none\n`,
    ],
    [
      ['cluster', 'status', '--limt', '3'],
      `Expected options that 'reprise cluster status --help' lists, got --limt (Did you mean --limit?)\n`,
    ],
    [
      ['cluster', '--store', 'f.db', 'status'],
      `Expected options that 'reprise cluster --help' lists, got --store\n`,
    ],
    [
      ['cluster', 'status', 'postgres://joe:S3CRET@db/shop', 'b'],
      `Expected arguments that 'reprise cluster status --help' lists, got postgres://db/shop, b\n`,
    ],
    [['cluster', 'sql', '--role', ''], 'Expected --role to be a name of 1 to 63 bytes, got ""\n'],
    [
      ['cluster', 'sql', '--schema', 'x'.repeat(64)],
      `Expected --schema to be a name of 1 to 63 bytes, got "${'x'.repeat(64)}"\n`,
    ],
  ])('reprise %j is bad usage', (args, text) => {
    expect(parseArguments(args)).toEqual({ type: 'misuse', text, status: 2 });
  });
});
