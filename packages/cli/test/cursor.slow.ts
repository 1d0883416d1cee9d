import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { dirname } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { TestFolder } from './support/folder.ts';
import { killTail } from './support/kill-tail.ts';
import { Lines } from './support/lines.ts';
import { main } from './support/program.ts';
import { reprise, runReprise } from './support/reprise.ts';
import { replay, serve, stream } from './support/server.ts';

const folder = new TestFolder();
let file: string;
/** The pid of a child process that would outlive a failing test. */
let orphan: number | undefined;

beforeEach(() => {
  file = folder.file('c.db');
});

afterEach(endOrphan);

function endOrphan(): void {
  try {
    if (orphan !== undefined) {
      process.kill(orphan, 'SIGKILL');
    }
  } catch {
    // It has ended by itself.
  }
  orphan = undefined;
}

/** Every number up to the last, once. */
function upTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

/** Resolves when the file has been removed. */
async function removed(path: string): Promise<void> {
  const watcher = watch(dirname(path));
  try {
    while (existsSync(path)) {
      await once(watcher, 'change');
    }
  } finally {
    watcher.close();
  }
}

/** Flags of Node that make the child print its pid, and wait until its parent has died. */
const waitForOrphanhood: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    if (process.env.REPRISE_CHILD_PROCESS) {
      console.log(process.pid);
      const awake = setInterval(() => {}, 1000);
      await new Promise((resolve) => process.once('disconnect', resolve));
      clearInterval(awake);
    }
  `)}`,
];

describe('killed with -9 again and again, on one cursor', () => {
  test('it prints every event at least once, and goes back no further than the cursor lags', async () => {
    const { printed, produced } = await killTail({ kills: 3, seed: 1, file, dedupe: false });
    expect([...new Set(printed)]).toEqual(upTo(produced));
    const steps = printed.slice(1).map((number, index) => number - (printed[index] ?? 0));
    expect(Math.max(...steps)).toBe(1);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(-1000);
  });

  test('with --dedupe it prints every event exactly once', async () => {
    const { printed, produced } = await killTail({ kills: 3, seed: 2, file, dedupe: true });
    expect(printed).toEqual(upTo(produced));
  });
});

describe('a cursor', () => {
  test('prints no event to a slow reader after the last write of the cursor', async () => {
    const count = 3000;
    const server = await serve((request, response) => {
      replay(request, response, count);
    });
    const first = reprise('tail', '--json', '--cursor', file, server.url);
    await first.stderr.until(/connected/);
    // The test does not read yet: the program blocks when the pipe is full, and at the signal it
    // waits half a second for a reader.
    first.process.kill('SIGTERM');
    await removed(`${file}-owner`);
    const { stdout } = first;
    await first.whenExited;
    const left = String(count - stdout.all.length);
    const args = ['tail', '--json', '--cursor', file, '--count', left, server.url];
    const second = await runReprise(...args);
    const printed = [...stdout.all, ...second.stdout].map((line) => JSON.parse(line).id);
    expect(stdout.all.length).toBeLessThan(count);
    expect(printed).toEqual(upTo(count).map(String));
  });

  test.each<[NodeJS.Signals, readonly string[]]>([
    ['SIGTERM', []],
    ['SIGKILL', ['--dedupe']],
  ])('does not keep an event that is only half printed at %s, with %j', async (signal, flags) => {
    const events = [`id: 1\ndata: ${'x'.repeat(1_000_000)}\n\n`, 'id: 2\ndata: b\n\n'];
    const { url } = await serve(({ headers }, response) => {
      stream(response, events.slice(Number(headers['last-event-id'] ?? 0)).join(''));
    });
    const args = ['--json', '--cursor', file, ...flags, url];
    const first = reprise('tail', ...args);
    const { stdout } = first.process;
    // Without a listener, Node would read all of the pipe once the process has ended.
    stdout.on('readable', () => {});
    // The pipe is not read: it is full long before the end of the line.
    await once(stdout, 'readable');
    first.process.kill(signal);
    await removed(`${file}-owner`);
    stdout.destroy();
    const second = await runReprise('tail', '--count', '1', ...args);
    expect(second.stdout.map((line) => JSON.parse(line).id)).toEqual(['1']);
  });

  test('with --dedupe, the child process ends as well when the program is killed before the child listens', async () => {
    const { url } = await serve((_, response) => {
      stream(response, 'data: a\n\n');
    });
    const child = spawn(
      process.execPath,
      [
        ...waitForOrphanhood,
        '--conditions=@reprise/source',
        main,
        'tail',
        '--cursor',
        file,
        '--dedupe',
        url,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const lines = new Lines(child.stdout);
    orphan = Number((await lines.count(1))[0]);
    child.kill('SIGKILL');
    // The stream ends when both processes have.
    await lines.whenEnded;
    const next = await runReprise('tail', '--cursor', file, '--count', '1', url);
    expect(next).toMatchObject({ status: 0, stdout: ['message a'] });
  });

  // A limit of the shell for file sizes, in place of a full disk; Windows has none.
  const limited = process.platform === 'win32' ? test.skip : test;
  limited.each([[[]], [['--dedupe']]])(
    'that can no longer be written ends the run with an error, with %j',
    async (flags) => {
      const { url } = await serve((_, response) => {
        stream(response, `id: ${'x'.repeat(200_000)}\ndata: a\n\n`);
      });
      const args = ['--conditions=@reprise/source', main, 'tail', '--cursor', file, ...flags, url];
      const command = 'ulimit -f 200; exec "$0" "$@"';
      const child = spawn('sh', ['-c', command, process.execPath, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const stderr = new Lines(child.stderr);
      const [status] = await once(child, 'exit');
      await stderr.whenEnded;
      expect(status).toBe(1);
      expect(stderr.all.at(-1)).toContain(
        `gave up Error: Expected the cursor file ${file} to be writable`,
      );
    },
  );
});
