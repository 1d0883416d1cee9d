import { readFile } from 'node:fs/promises';

import { describe, expect, test } from '@jest/globals';

import { TestFolder } from './support/folder.ts';
import { reprise, runReprise, runRepriseWith } from './support/reprise.ts';
import { replay, serve, stream } from './support/server.ts';

const body = [
  'event: a\nid: 1\ndata: one\n\n',
  'event: b\nid: 2\ndata: two\ndata: \u001B[2J\n\n',
  'event: c\nid: 3\ndata: three\n\n',
].join('');

async function url(text = body): Promise<string> {
  return (
    await serve((_, response) => {
      stream(response, text);
    })
  ).url;
}

const folder = new TestFolder();

describe('--type', () => {
  test('prints and counts only events of these types', async () => {
    const args = ['--type', 'a', '--type', 'c', '--count', '2'];
    const { status, stdout } = await runReprise('tail', ...args, await url());
    expect({ status, stdout }).toEqual({ status: 0, stdout: ['a [1] one', 'c [3] three'] });
  });
});

describe('--until', () => {
  test('ends the stream well at the event with this data, which is not printed', async () => {
    const { status, stdout } = await runReprise('tail', '--until', 'three', await url());
    expect({ status, stdout: stdout.length }).toEqual({ status: 0, stdout: 3 });
  });

  test('of a request that is sent once: a stream that ends before is a failure', async () => {
    const server = await serve((_, response) => {
      stream(response, 'data: x\n\n');
      response.end();
    });
    const args = ['--until', '[DONE]', '-d', '{}', server.url];
    const { status, stderr } = await runReprise('tail', ...args);
    expect(status).toBe(1);
    expect(stderr.at(-1)).toBe('gave up closed by the server');
  });
});

describe('--data-only', () => {
  test('prints the data as it is', async () => {
    const { stdout } = await runReprise('tail', '--data-only', '--count', '3', await url());
    expect(stdout).toEqual(['one', 'two', '\u001B[2J', 'three']);
  });
});

describe('--timestamps', () => {
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

  test('begins each event with the time of its arrival', async () => {
    const { stdout } = await runReprise('tail', '--timestamps', '--count', '1', await url());
    const [at = '', ...rest] = stdout[0]?.split(' ') ?? [];
    expect(at).toMatch(time);
    expect(rest).toEqual(['a', '[1]', 'one']);
  });

  test('is a field with --json', async () => {
    const args = ['--timestamps', '--json', '--count', '1', await url()];
    const { stdout } = await runReprise('tail', ...args);
    expect(JSON.parse(stdout[0] ?? '')).toEqual({
      source: expect.any(String),
      time: expect.stringMatching(time),
      type: 'a',
      data: 'one',
      id: '1',
      lastEventId: '1',
    });
  });
});

describe('--output', () => {
  test('appends the events to the file; stdout stays empty', async () => {
    const file = folder.file('out');
    const args = ['tail', '-o', file, '--data-only', '--count', '1', await url()];
    const runs = [await runReprise(...args), await runReprise(...args)];
    expect(runs.map(({ status, stdout }) => [status, stdout])).toEqual([
      [0, []],
      [0, []],
    ]);
    expect(await readFile(file, 'utf8')).toBe('one\none\n');
  });

  test('with --cursor and --dedupe has each event once', async () => {
    const server = await serve((request, response) => {
      replay(request, response, 9);
    });
    const file = folder.file('out');
    const flags = ['--json', '--output', file, '--cursor', folder.file('c.db'), '--dedupe'];
    for (const count of ['4', '5']) {
      const { status } = await runReprise('tail', ...flags, '--count', count, server.url);
      expect(status).toBe(0);
    }
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { data: string }).data)).toEqual(
      Array.from({ length: 9 }, (_, index) => String(index + 1)),
    );
  });

  test('that cannot be written is told at once', async () => {
    const { status, stderr } = await runReprise('tail', '-o', folder.path, await url());
    expect(status).toBe(1);
    expect(stderr).toEqual([
      expect.stringMatching(/^Expected --output to name a file that can be written, got .*EISDIR/),
    ]);
  });
});

// The commands are those of a POSIX shell.
const onPosix = process.platform === 'win32' ? describe.skip : describe;

onPosix('--exec', () => {
  test('runs the command for each event, in order, with its data and its fields', async () => {
    const command =
      'sleep 0.0$((3 - $REPRISE_ID)); echo "$REPRISE_TYPE $REPRISE_LAST_EVENT_ID $(cat)"';
    const { status, stdout } = await runReprise(
      'tail',
      '--exec',
      command,
      '--count',
      '3',
      await url(),
    );
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: ['a 1 one', 'b 2 two', '\u001B[2J', 'c 3 three'],
    });
  });

  test('gives it a line of JSON with --json', async () => {
    const args = ['--exec', 'cat', '--json', '--count', '1', await url()];
    const { stdout } = await runReprise('tail', ...args);
    expect(JSON.parse(stdout[0] ?? '')).toMatchObject({ type: 'a', data: 'one', id: '1' });
  });

  test('that does not get the token of the program', async () => {
    const variables = { REPRISE_BEARER: 't0k3n' };
    const args = ['--exec', 'echo "<$REPRISE_BEARER>"', '--count', '1', await url()];
    const { stdout } = await runRepriseWith({ variables }, 'tail', ...args);
    expect(stdout).toEqual(['<>']);
  });

  test('that need not read its input', async () => {
    const long = `data: ${'x'.repeat(1_000_000)}\n\n`;
    const { status } = await runReprise('tail', '--exec', 'true', '--count', '1', await url(long));
    expect(status).toBe(0);
  });

  test('that fails gives up, and the event comes again in the next run with the same cursor', async () => {
    const server = await serve((request, response) => {
      replay(request, response, 3);
    });
    const args = ['tail', '--cursor', folder.file('c.db'), server.url, '--exec'];
    const first = await runReprise(...args, 'cat; echo; test $REPRISE_ID != 2');
    expect(first).toMatchObject({ status: 1, stdout: ['1', '2'] });
    expect(first.stderr.at(-1)).toBe('gave up Error: the command ended with status 1');
    const second = await runReprise(...args, 'cat; echo', '--count', '2');
    expect(second).toMatchObject({ status: 0, stdout: ['2', '3'] });
  });

  test('that fails is run again with --retries, then skipped with --skip-failed', async () => {
    const flags = ['--retries', '1', '--skip-failed', '--count', '2'];
    const command = 'echo "$REPRISE_ID"; test "$REPRISE_ID" != 2';
    const { status, stdout, stderr } = await runReprise(
      'tail',
      ...flags,
      '--exec',
      command,
      await url(),
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: ['1', '2', '2', '3'] });
    expect(stderr.filter((line) => line.includes('failed'))).toEqual([
      'event 2 failed: the command ended with status 1, next attempt in 1.0s',
      'event 2 failed: the command ended with status 1, skipped',
    ]);
  });

  test('is ended by the signal that ends the program', async () => {
    const run = reprise('tail', '--exec', 'echo begun; exec sleep 1000', await url());
    await run.stdout.count(1);
    run.process.kill('SIGTERM');
    // The command has the same stdout, whose end this waits for.
    expect(await run.whenExited).toBe(0);
  });
});
