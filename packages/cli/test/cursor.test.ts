import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';

import { beforeEach, describe, expect, test } from '@jest/globals';

import { TestFolder } from './support/folder.ts';
import { main } from './support/program.ts';
import { reprise, runReprise } from './support/reprise.ts';
import { replay, serve, stream } from './support/server.ts';

const folder = new TestFolder();
let file: string;

beforeEach(() => {
  file = folder.file('c.db');
});

/** Only Linux tells a program which file its stdout is. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a cursor of a program whose output is a file', () => {
  let out: string;
  let url: string;

  beforeEach(async () => {
    out = folder.file('out');
    ({ url } = await serve((request, response) => {
      replay(request, response, 9);
    }));
  });

  /** Appends the next event to the file. */
  async function printNext(): Promise<void> {
    await using handle = await open(out, 'a');
    const args = ['--json', '--quiet', '--cursor', file, '--dedupe', '--count', '1', url];
    const program = ['--conditions=@reprise/source', main, 'tail', ...args];
    const child = spawn(process.execPath, program, {
      stdio: ['ignore', handle.fd, 'inherit'],
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
  }

  /** Prints an event, and leaves the cursor file as a kill between print and write leaves it. */
  async function printUnsaved(): Promise<void> {
    const before = await readFile(file);
    await printNext();
    await writeFile(file, before);
  }

  async function printed(): Promise<readonly string[]> {
    const lines = (await readFile(out, 'utf8')).split('\n');
    return lines.map((line) => /"data":"(\d)".*\}$/.exec(line)?.[1] ?? line.slice(0, 2));
  }

  test('finds an event in the output that was printed but is not in the cursor', async () => {
    await printNext();
    await printUnsaved();
    await printNext();
    expect(await printed()).toEqual(['1', '2', '3', '']);
  });
});

describe('a cursor', () => {
  test('goes on where the last run was stopped, without a repeat', async () => {
    const asked: unknown[] = [];
    const server = await serve(({ headers }, response) => {
      asked.push(headers['last-event-id']);
      stream(response, asked.length === 1 ? 'id: 1\ndata: a\n\nid: 2\ndata: b\n\n' : 'data: c\n\n');
    });
    const first = reprise('tail', '--cursor', file, server.url);
    await first.stdout.count(2);
    first.process.kill('SIGTERM');
    expect(await first.whenExited).toBe(0);
    expect(first.stderr.all).toContain('no cursor yet: it begins where the server does');
    const second = await runReprise('tail', '--cursor', file, '--count', '1', server.url);
    expect(second).toMatchObject({ status: 0, stdout: ['message c'] });
    expect(second.stderr).toContain('resumed from 2');
    expect(asked).toEqual([undefined, '2']);
  });

  test('with --dedupe, a server that starts over is reported, and its printed events are not printed again', async () => {
    const server = await serve((_, response) => {
      stream(response, 'id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: c\n\n');
    });
    const args = ['tail', '--cursor', file, '--dedupe', '--count'];
    expect((await runReprise(...args, '2', server.url)).stdout).toEqual([
      'message [1] a',
      'message [2] b',
    ]);
    const { stdout, stderr } = await runReprise(...args, '1', server.url);
    expect(stdout).toEqual(['message [3] c']);
    expect(stderr).toContain('the server ignored the cursor 2, and sent 1 again');
  });

  test('with --dedupe, a signal stops the program in order', async () => {
    const server = await serve((_, response) => {
      stream(response, 'id: 1\ndata: a\n\n');
    });
    const run = reprise('tail', '--cursor', file, '--dedupe', server.url);
    await run.stdout.count(1);
    run.process.kill('SIGINT');
    expect(await run.whenExited).toBe(0);
  });

  test('is stored under its URL without the secrets in it', async () => {
    const server = await serve((_, response) => {
      stream(response, 'id: 1\ndata: a\n\n');
    });
    const args = ['tail', '--cursor', file, '--count', '1'];
    const as = (user: string): string => server.url.replace('//', `//${user}@`);
    expect((await runReprise(...args, as('ann:old'))).status).toBe(0);
    expect((await runReprise(...args, as('ben:new'))).stderr).toContain('resumed from 1');
  });

  test('of each of two URLs is in the same file', async () => {
    const server = await serve(({ url = '' }, response) => {
      stream(response, `id: ${url.slice(1)}\ndata: x\n\n`);
    });
    const base = new URL('/', server.url).href;
    const args = ['tail', '--cursor', file, '--count', '2', `${base}1`, `${base}2`];
    expect((await runReprise(...args)).status).toBe(0);
    const { stderr } = await runReprise(...args);
    expect(stderr).toContain(`${base}1 resumed from 1`);
    expect(stderr).toContain(`${base}2 resumed from 2`);
  });

  test('that another run uses is refused, with the process of that run', async () => {
    const server = await serve((_, response) => {
      stream(response, 'data: a\n\n');
    });
    const first = reprise('tail', '--cursor', file, server.url);
    await first.stdout.count(1);
    const second = await runReprise('tail', '--cursor', file, server.url);
    expect(second.status).toBe(1);
    expect(second.stderr).toEqual([
      expect.stringContaining(`to be free, got one that process ${first.process.pid} on `),
    ]);
  });

  test('whose file is no database is refused', async () => {
    await writeFile(file, 'a text that is needed, and that is certainly no database');
    const { status, stderr } = await runReprise('tail', '--cursor', file, 'http://127.0.0.1:9/');
    expect(status).toBe(1);
    expect(stderr).toEqual([expect.stringContaining('to be a cursor file that can be written')]);
  });

  test('whose file is read-only is refused', async () => {
    const server = await serve((_, response) => {
      stream(response, 'id: 1\ndata: a\n\n');
    });
    const args = ['tail', '--cursor', file, '--count', '1', server.url];
    expect((await runReprise(...args)).status).toBe(0);
    // File modes do not stop root. SQLite only reads a file of a later version.
    await using handle = await open(file, 'r+');
    await handle.write(Buffer.of(9), 0, 1, 18);
    const { status, stderr } = await runReprise(...args);
    expect(status).toBe(1);
    expect(stderr).toEqual([expect.stringContaining('attempt to write a readonly database')]);
  });
});
