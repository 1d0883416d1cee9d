import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterEach, describe, expect, test } from '@jest/globals';

import { main } from './support/program.ts';
import { reprise, type Run } from './support/reprise.ts';
import { freePort, serve, stream } from './support/server.ts';

// On Windows a program cannot handle signals.
const onPosix = process.platform === 'win32' ? describe.skip : describe;

const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) {
    socket.destroy();
  }
  sockets.clear();
});

/** Sends the signal; resolves with the exit status, and whether the end took less than 2 s. */
async function end(
  run: Run,
  signal: NodeJS.Signals,
): Promise<{ status: number | string; inTime: boolean }> {
  const from = performance.now();
  run.process.kill(signal);
  const status = await run.whenExited;
  return { status, inTime: performance.now() - from < 2000 };
}

const clean = { status: 0, inTime: true };

onPosix('a signal', () => {
  test('ends it while it connects', async () => {
    const server = createServer((socket) => sockets.add(socket.resume()));
    const run = await startOnSocketServer(server);
    const [socket] = (await once(server, 'connection')) as [Socket];
    const closed = once(socket, 'close');
    expect(await end(run, 'SIGINT')).toEqual(clean);
    await closed;
    server.close();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it while it is connected', async (signal) => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((_, response) => {
      stream(response, 'data: x\n\n');
      response.on('close', closed.resolve);
    });
    const run = reprise('tail', url);
    await run.stdout.until(/^message x$/);
    expect(await end(run, signal)).toEqual(clean);
    await closed.promise;
  });

  test('ends it while it waits for the next attempt', async () => {
    const run = reprise(
      'tail',
      '--min-delay',
      '600',
      '--max-delay',
      '600',
      `http://127.0.0.1:${await freePort()}/`,
    );
    await run.stderr.until(/next attempt in/);
    expect(await end(run, 'SIGINT')).toEqual(clean);
  });

  test('ends it while its stdout is not read', async () => {
    const run = await startBlocked();
    expect(await end(run, 'SIGTERM')).toEqual(clean);
  });
});

onPosix('two signals', () => {
  test('the second ends it at once', async () => {
    const run = await startBlocked();
    run.process.kill('SIGINT');
    const { status } = await end(run, 'SIGTERM');
    // The system delivers the two signals in either order.
    expect([128 + 2, 128 + 15]).toContain(status);
  });
});

async function startOnSocketServer(server: ReturnType<typeof createServer>): Promise<Run> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return reprise('tail', `http://127.0.0.1:${(server.address() as { port: number }).port}/`);
}

/** Resolves once the program has begun to write a line of a megabyte, which stays unread. */
async function startBlocked(): Promise<Run> {
  const { url } = await serve((_, response) => {
    stream(response, `data: ${'x'.repeat(1_000_000)}\n\n`);
  });
  const run = reprise('tail', '--json', url);
  await once(run.process.stdout, 'readable');
  return run;
}

test('a reader of stdout that goes away ends it quietly', async () => {
  const { url } = await serve((_, response) => {
    stream(response);
    // Again and again, because the first write to a closed pipe does not fail.
    const timer = setInterval(() => response.write('data: x\n\n'), 10);
    response.on('close', () => {
      clearInterval(timer);
    });
  });
  const run = reprise('tail', '--json', url);
  await once(run.process.stdout, 'readable');
  run.process.stdout.destroy();
  expect(await run.whenExited).toBe(0);
  expect(run.stderr.all).toEqual(['connecting', 'connected']);
});

test('a reader of stdout that is slow loses nothing', async () => {
  const data = 'x'.repeat(10_000);
  const { url } = await serve((_, response) => {
    stream(
      response,
      Array.from({ length: 1000 }, (_each, id) => `id: ${id}\ndata: ${data}\n\n`).join(''),
    );
  });
  const run = reprise('tail', '--json', '--count', '1000', url);
  await once(run.process.stdout, 'readable');
  await run.stdout.count(1000);
  expect(await run.whenExited).toBe(0);
  expect(run.events.map((event) => Number((event as { id: string }).id))).toEqual([
    ...Array(1000).keys(),
  ]);
});

test('it ends even if its stderr is not read', async () => {
  const { url } = await serve((_, response) => {
    stream(response, 'data: x\n\n');
    response.end();
  });
  // After some hundred lines of this length the pipe is full.
  const long = `${url}&${'x'.repeat(2000)}`;
  const flags = ['--min-delay', '0.001', '--max-delay', '0.001'];
  const run = reprise('tail', '--json', '--count', '100', ...flags, long, long);
  run.process.stderr.removeAllListeners('data').pause();
  await run.stdout.count(100);
  expect(await once(run.process, 'exit')).toEqual([0, null]);
});

// Elsewhere only the next write shows that the reader has gone.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'a reader that has seen enough ends it at once, also on a stream that is quiet',
  async () => {
    const { url } = await serve((_, response) => {
      stream(response, 'data: x\n\n');
    });
    const command =
      '"$0" --conditions=@reprise/source "$1" tail "$2" | head -1; echo ${PIPESTATUS[0]}';
    const child = spawn('bash', ['-c', command, process.execPath, main, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      expect(await text(child.stdout)).toBe('message x\n0\n');
    } finally {
      child.kill('SIGKILL');
    }
  },
);
