import { spawn } from 'node:child_process';
import nodeCrypto from 'node:crypto';
import dns from 'node:dns';
import fs from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';

import { expect, test } from '@jest/globals';
import { type EscapeKind, type Program, runSeed, type SeedResult } from '@reprise/simulation';

const hostTimeout = setTimeout;
const hostImmediate = setImmediate;
const file = new URL(import.meta.url);
const nothing = (): void => undefined;

/** A program with a node that runs `main` after an await, and waits until that is done. */
function onNode(main: () => unknown): Program {
  return async (sim) => {
    const node = sim.node('a', async () => {
      await Promise.resolve();
      await main();
      return true;
    });
    await sim.run({ until: () => node.value === true });
  };
}

const run = (main: () => unknown, allow: readonly EscapeKind[] = []): Promise<SeedResult> =>
  runSeed(onNode(main), { source: { seed: 0 }, allow });

/** Each resolves when the operation that it began is over. */
const escapes: Readonly<Record<string, readonly [EscapeKind, () => Promise<unknown>]>> = {
  'a file that is read': ['fs', () => readFile(file)],
  'a file that is read with a callback': [
    'fs',
    () => new Promise((resolve) => fs.readFile(file, resolve)),
  ],
  'the state of a file': ['fs', () => fs.promises.stat(file)],
  'a socket': [
    'net',
    () =>
      new Promise((resolve) => {
        const server = net.createServer().listen(0, () => server.close(resolve));
      }),
  ],
  'a name that is looked up': [
    'dns',
    () => new Promise((resolve) => dns.lookup('localhost', resolve)),
  ],
  'a program that is started': [
    'process',
    () => new Promise((resolve) => spawn(process.execPath, ['-e', '0']).on('exit', resolve)),
  ],
  'a worker': [
    'worker',
    () => new Promise((resolve) => new Worker('0', { eval: true }).on('exit', resolve)),
  ],
  'a message port': [
    'worker',
    async () => {
      const { port1 } = new MessageChannel();
      port1.close();
    },
  ],
  WebCrypto: ['crypto', () => crypto.subtle.digest('SHA-256', new Uint8Array(1))],
  'a key of node:crypto': [
    'crypto',
    () => new Promise((resolve) => nodeCrypto.scrypt('a', 'b', 8, resolve)),
  ],
  zlib: ['zlib', () => new Promise((resolve) => zlib.gzip('text', resolve))],
  'a Blob': ['blob', () => new Blob(['text']).text()],
  'a timer of the host': [
    'timers',
    () =>
      new Promise((resolve) => {
        hostTimeout(resolve, 1);
      }),
  ],
  'an immediate of the host': [
    'timers',
    () =>
      new Promise((resolve) => {
        hostImmediate(resolve);
      }),
  ],
};

for (const [what, [kind, begin]] of Object.entries(escapes)) {
  test(`SIM-E01 ${what} in a node is an escape, with the line of the user`, async () => {
    const { violation } = await run(begin);
    expect(violation).toMatchObject({
      kind: 'escape',
      message: expect.stringMatching(
        new RegExp(
          `^Expected a to stay inside of the simulation, got code that .*\\['${kind}'\\]$`,
        ),
      ),
    });
    expect((violation?.error as Error | undefined)?.stack).toMatch(
      /\n +at .*escapes\.test\.ts:\d+/,
    );
    // Outside of the simulation, for the operation that was begun to be over.
    await begin();
  });

  test(`SIM-E02 ${what} in a node runs if it is allowed, and the result says so`, async () => {
    let isDone = false;
    const { violation, escapes: used } = await run(async () => {
      const before = Date.now();
      await begin();
      isDone = true;
      // Still code of the node, on its time.
      expect(Date.now() - before).toBeLessThan(1000);
      expect(Date.now()).toBeGreaterThan(Date.UTC(2030, 0, 1) - 1);
    }, [kind]);
    expect(violation).toBeUndefined();
    expect(isDone).toBe(true);
    expect(used).toEqual([kind]);
  });
}

test('SIM-E01 what is allowed is no leave for anything else', async () => {
  const { violation } = await run(() => readFile(file), ['net', 'dns', 'timers']);
  expect(violation?.kind).toBe('escape');
});

test('SIM-E02 a result names nothing that was allowed and not used', async () => {
  const { escapes: used } = await run(nothing, ['fs']);
  expect(used).toEqual([]);
});

test('SIM-E01 what has its result at once is no escape', async () => {
  const { violation } = await run(() => {
    fs.readFileSync(file);
    zlib.gzipSync('text');
    nodeCrypto.pbkdf2Sync('a', 'b', 1, 8, 'sha256');
    nodeCrypto.createHash('sha256').update('a').digest();
    structuredClone({ a: 1 });
    console.assert(true);
    process.nextTick(nothing);
    queueMicrotask(nothing);
  });
  expect(violation).toBeUndefined();
});

test('SIM-E01 code outside of the run is not watched', async () => {
  const reading = Promise.all([readFile(file), readFile(file)]);
  const { violation } = await run(nothing);
  expect(violation).toBeUndefined();
  expect(await reading).toHaveLength(2);
});

test('SIM-E01 an unknown name in allow is a mistake', async () => {
  await expect(run(nothing, ['file' as 'fs'])).rejects.toThrow(
    /^Expected allow to have "blob" or .* or "zlib", got "file"/,
  );
});
