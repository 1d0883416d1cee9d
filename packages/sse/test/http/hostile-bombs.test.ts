import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { SseClient } from '../../src/index.ts';
import { heldBytes } from '../support/garbage.ts';
import { run } from '../support/run.ts';
import { allClosed, serve, type TestServer } from '../support/servers.ts';
import { openStage, settleNetwork } from '../support/stage.ts';
import { versions } from '../support/versions.ts';

/** Every Node that runs the tests has it; the types of the oldest supported Node do not. */
const { zstdCompressSync } = zlib as unknown as { readonly zstdCompressSync: typeof gzipSync };

const encodings = [
  ['gzip', (body: Buffer) => gzipSync(body, { level: 1 })],
  ['br', (body: Buffer) => brotliCompressSync(body, { params: { [quality]: 1 } })],
  ['zstd', (body: Buffer) => zstdCompressSync(body)],
] as const;
const quality = constants.BROTLI_PARAM_QUALITY;

/** A start, then one text again and again, up to `size` bytes. */
function body(start: string, text: string, size: number): Buffer {
  return Buffer.concat([Buffer.from(start), Buffer.alloc(size, text)]);
}

/** Sends a bomb, then nothing, and does not end the response. */
function serveBomb(encoding: string, bomb: Uint8Array, status = 200): Promise<TestServer> {
  return serve((_, response) => {
    response.writeHead(status, {
      'content-type': 'text/event-stream',
      'content-encoding': encoding,
    });
    response.write(bomb);
  });
}

describe.each(encodings)('a bomb in %s', (encoding, compress) => {
  test('of one data line ends at the limit of decompressed bytes', async () => {
    const limit = 2 ** 19;
    await using server = await serveBomb(encoding, compress(body('data: ', 'x', 4 * limit)));
    await using stage = await openStage();
    const client = await run(stage, { url: server.url, maxEventSize: limit });
    expect(await client.until('disconnected')).toMatchObject({
      failure: { type: 'tooLarge', limit },
    });
    // Up to the packet that goes beyond the limit.
    expect(SseClient.status(client.pid).bytes).toBeLessThan(limit + 2 ** 17);
    await allClosed(server);
  });

  test('of comments passes through, and takes no memory', async () => {
    const size = 2 ** 22;
    const bomb = compress(Buffer.concat([body('', ': x\n', size), Buffer.from('data: x\n\n')]));
    await using server = await serveBomb(encoding, bomb);
    await using stage = await openStage();
    const before = heldBytes();
    let most = 0;
    const client = await run(stage, {
      url: server.url,
      handle: () => {
        most = heldBytes() - before;
      },
    });
    await client.until('connected');
    while (SseClient.status(client.pid).events === 0) {
      await new Promise(setImmediate);
    }
    expect(SseClient.status(client.pid).bytes).toBe(size + 9);
    expect(most).toBeLessThan(size / 2);
  });

  test('of small events is read only as fast as a slow handler handles them', async () => {
    await using server = await serveBomb(encoding, compress(body('', 'data: x\n\n', 2 ** 20)));
    await using stage = await openStage();
    const begun = Promise.withResolvers<void>();
    const client = await run(stage, {
      url: server.url,
      handle: () => {
        begun.resolve();
        return new Promise(() => undefined);
      },
    });
    await begun.promise;
    await settleNetwork();
    expect(SseClient.status(client.pid).bytes).toBeLessThan(2 ** 17);
  });

  test('as the body of an error is not read beyond its start', async () => {
    await using server = await serveBomb(encoding, compress(body('', 'x', 2 ** 20)), 500);
    await using stage = await openStage();
    const client = await run(stage, { url: server.url });
    const { failure } = await client.until('disconnected');
    expect(failure).toMatchObject({ type: 'status', status: 500, body: 'x'.repeat(65_536) });
    await allClosed(server);
  });
});

describe.each(versions)('bombs inside each other, over %s', (_version, version) => {
  test.each([
    ['two', 'gzip, gzip', 200],
    ['two of a kind each', 'gzip, identity, br', 200],
    ['so many that to open them overflows the stack', 'zstd,'.repeat(3000), 200],
    ['as many, of an error', 'gzip,'.repeat(3000), 500],
  ])('%s, are not opened', async (_what, encoding, status) => {
    await using server = await version.serve((_, response) => {
      response.writeHead(status, {
        'content-type': 'text/event-stream',
        'content-encoding': encoding,
      });
      response.write(gzipSync(gzipSync('data: x\n\n')));
    });
    using client = version.watch({ url: server.url });
    expect(await client.next()).toMatchObject({
      type: 'failed',
      failure: { type: 'network', code: 'ERR_CONTENT_ENCODING' },
    });
    await allClosed(server);
    expect(client.calls).toHaveLength(1);
  });

  test.each(['gzip', 'identity, gzip', ',GZIP,'])('one, as %j, is', async (encoding) => {
    await using server = await version.serve((_, response) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'content-encoding': encoding,
      });
      response.end(gzipSync('data: x\n\n'));
    });
    using client = version.watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
  });
});
