import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { type Program, runProgram } from '../support/program.ts';

const main = join(import.meta.dirname, 'main.ts');

interface Service extends AsyncDisposable {
  readonly program: Program;
  /** The lines up to `ready`. */
  readonly started: readonly string[];
  /** Crashes the process at `path`; resolves with the next lines, up to the one that matches. */
  crash(path: string, last: RegExp): Promise<readonly string[]>;
  health(): Promise<Health>;
}

interface Health {
  readonly state: string;
  readonly tree: Tree;
}

interface Tree {
  readonly id?: string;
  readonly restarts: number;
  readonly children: readonly Tree[];
}

const listening = /^listening on (\d+)$/;

async function startService(...args: readonly string[]): Promise<Service> {
  const program = runProgram(main, ...args);
  let port = '';
  const read = async (last: RegExp): Promise<readonly string[]> => {
    const lines = await program.linesUntil(last);
    return lines.map((line) => {
      // After a restart it listens on another port.
      port = listening.exec(line)?.[1] ?? port;
      return line.replace(listening, 'started http');
    });
  };
  const started = await read(/^ready$/);
  return {
    program,
    started,
    async crash(path, last) {
      const { status } = await fetch(`http://127.0.0.1:${port}/crash/${path}`, { method: 'POST' });
      expect(status).toBe(202);
      return read(last);
    },
    async health() {
      const response = await fetch(`http://127.0.0.1:${port}/health`);
      return (await response.json()) as Health;
    },
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** The restarts in a tree, as in `feeds: 1, feeds/prices: 2`. */
function restarts({ children }: Tree, path = ''): Readonly<Record<string, number>> {
  const entries = children.flatMap((child): (readonly [string, number])[] => {
    const name = `${path}${child.id}`;
    return [[name, child.restarts], ...Object.entries(restarts(child, `${name}/`))];
  });
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

const all = ['store', 'prices', 'news', 'cache', 'http'];
const starting = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `started ${name}`);
const stopping = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `stopping ${name}`);

test('it starts in order, answers /health, and stops in reverse order at SIGTERM with status 0', async () => {
  await using service = await startService();
  const { program, started, health } = service;
  expect(started).toStrictEqual([...starting(...all), 'ready']);
  const { state, tree } = await health();
  expect(state).toBe('running');
  expect(restarts(tree)).toStrictEqual({});
  program.signal('SIGTERM');
  expect(await program.ended).toStrictEqual({
    status: 0,
    stderr: '',
    lines: [...stopping(...all.toReversed()), 'stopped, status 0'],
  });
});

test('a crash on the third level restarts its siblings only: oneForAll', async () => {
  await using service = await startService();
  const { program, crash, health } = service;
  expect(await crash('feeds/prices', /^started news$/)).toStrictEqual([
    ...stopping('prices', 'news'),
    ...starting('prices', 'news'),
  ]);
  expect(restarts((await health()).tree)).toStrictEqual({ 'feeds/prices': 1 });
  expect(await crash('web/cache', /^started cache$/)).toStrictEqual([
    ...stopping('cache'),
    ...starting('cache'),
  ]);
  program.signal('SIGTERM');
  expect((await program.ended).status).toBe(0);
});

test('a crash on the second level restarts the children after it: restForOne', async () => {
  await using service = await startService();
  const { program, crash, health } = service;
  expect(await crash('store', listening)).toStrictEqual([
    ...stopping('store', 'http', 'cache', 'news', 'prices'),
    ...starting(...all),
  ]);
  expect(restarts((await health()).tree)).toStrictEqual({ store: 1 });
  program.signal('SIGTERM');
  expect((await program.ended).status).toBe(0);
});

test('a killed supervisor ends its children, and is restarted with the children after it', async () => {
  await using service = await startService();
  const { program, crash, health } = service;
  const lines = await crash('feeds', listening);
  expect(lines.toSorted()).toStrictEqual(
    [
      ...stopping('prices', 'news', 'cache', 'http'),
      ...starting('prices', 'news', 'cache', 'http'),
    ].toSorted(),
  );
  expect(lines.slice(-4)).toStrictEqual(starting('prices', 'news', 'cache', 'http'));
  expect(restarts((await health()).tree)).toStrictEqual({ feeds: 1 });
  program.signal('SIGTERM');
  expect((await program.ended).status).toBe(0);
});

test('a crash on the first level ends the program with status 1', async () => {
  await using service = await startService();
  const { program, crash } = service;
  const lines = await crash('', /^stopped/);
  // A kill is no orderly end: the parts hear of it by their links, and the system kills those that
  // have not ended when it does. On a loaded machine that can be all of them.
  const stopped = lines.slice(0, -1);
  expect(stopping(...all)).toStrictEqual(expect.arrayContaining([...stopped]));
  expect(new Set(stopped).size).toBe(stopped.length);
  expect(lines.at(-1)).toBe('stopped, status 1');
  const { status, stderr } = await program.ended;
  expect(stderr).toMatch(/application main ended: it is permanent, the system stops: killed/);
  expect(status).toBe(1);
});

test('too many crashes make one level after the other give up, and the program ends with status 1', async () => {
  await using service = await startService();
  const { program, crash } = service;
  await crash('feeds/prices', /^started news$/);
  // One more than feeds allows: it gives up, and app restarts it together with web.
  expect(await crash('feeds/prices', listening)).toStrictEqual([
    ...stopping('prices', 'news', 'http', 'cache'),
    ...starting('prices', 'news', 'cache', 'http'),
  ]);
  await crash('feeds/news', /^started news$/);
  // Now it is one more than app allows.
  expect(await crash('feeds/news', /^stopped/)).toStrictEqual([
    ...stopping('news', 'prices', 'http', 'cache', 'store'),
    'stopped, status 1',
  ]);
  const { status, stderr } = await program.ended;
  expect(stderr).toMatch(/gave up: child "news" \S+ failed 2 times in 5 s: Error: news crashed/);
  expect(stderr).toMatch(
    /^supervisor app gave up: child "feeds" \S+ failed 2 times in 5 s: .*: Error: news crashed/m,
  );
  expect(status).toBe(1);
});

test('SIGTERM while children hang in terminate: each is killed when its time is over, and the order is kept', async () => {
  await using service = await startService(
    '--hang',
    'prices',
    '--hang',
    'store',
    '--grace-period',
    '500',
  );
  const { program } = service;
  program.signal('SIGTERM');
  const { status, lines, stderr } = await program.ended;
  expect(lines).toStrictEqual([...stopping(...all.toReversed()), 'stopped, status 0']);
  expect(stderr).toMatch(
    /child "prices" .* shut down: killed[^]*child "store" .* shut down: killed/,
  );
  expect(status).toBe(0);
});

test('SIGTERM while a child hangs past the deadline: all processes are killed, and the status is 1', async () => {
  await using service = await startService('--hang', 'news', '--deadline', '2000');
  const { program } = service;
  program.signal('SIGTERM');
  const { status, lines, stderr } = await program.ended;
  expect(lines.slice(0, 3)).toStrictEqual(stopping('http', 'cache', 'news'));
  expect(lines.at(-1)).toBe('stopped, status 1');
  expect(stderr).toContain('not stopped within 2000 ms, killed: ');
  expect(status).toBe(1);
});

test('a second SIGTERM ends the program at once', async () => {
  await using service = await startService('--hang', 'news');
  const { program } = service;
  program.signal('SIGTERM');
  await program.linesUntil(/^stopping news$/);
  program.signal('SIGTERM');
  const { status, lines } = await program.ended;
  expect(lines).toStrictEqual(['stopping, status 143']);
  expect(status).toBe(143);
});

test('a failed start names the child, stops the children already started, and ends with status 1', async () => {
  const occupant = createServer().listen(0, '127.0.0.1');
  await once(occupant, 'listening');
  const { port } = occupant.address() as AddressInfo;
  await using program = runProgram(main, '--port', String(port));
  const { status, lines, stderr } = await program.ended;
  occupant.close();
  expect(lines).toStrictEqual([
    ...starting('store', 'prices', 'news', 'cache'),
    ...stopping('cache', 'news', 'prices', 'store'),
    'stopped, status 1',
  ]);
  expect(stderr).toContain('└── web\n        └── http: Error: listen EADDRINUSE');
  expect(status).toBe(1);
});
