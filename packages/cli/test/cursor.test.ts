import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { mkdtemp, open, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { killTail } from './support/kill-tail.ts';
import { Lines } from './support/lines.ts';
import { env, main } from './support/program.ts';
import { reprise, runReprise } from './support/reprise.ts';
import { replay, serve, stream } from './support/server.ts';

let folder: string;
let file: string;
/** The pid of a child process that would outlive a failing test. */
let orphan: number | undefined;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'reprise-')));
  file = join(folder, 'c.db');
});

afterEach(async () => {
  endOrphan();
  await rm(folder, { recursive: true });
});

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

/** Only Linux tells a program which file its stdout is. */
const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a cursor of a program whose output is a file', () => {
  let out: string;
  let url: string;

  beforeEach(async () => {
    out = join(folder, 'out');
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
      env,
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
    // Nobody reads: the pipe is full long before the end of the line.
    await once(stdout, 'readable');
    first.process.kill(signal);
    await removed(`${file}-owner`);
    stdout.destroy();
    const second = await runReprise('tail', '--count', '1', ...args);
    expect(second.stdout.map((line) => JSON.parse(line).id)).toEqual(['1']);
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
      { env, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const lines = new Lines(child.stdout);
    orphan = Number((await lines.count(1))[0]);
    child.kill('SIGKILL');
    // The stream ends when both processes have.
    await lines.whenEnded;
    const next = await runReprise('tail', '--cursor', file, '--count', '1', url);
    expect(next).toMatchObject({ status: 0, stdout: ['message a'] });
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
        env,
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
