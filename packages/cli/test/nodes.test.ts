import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { Task } from '@reprise/actor';
import { advance, createTestSystem } from '@reprise/actor/testing';
import type { Cluster } from '@reprise/cluster';

import { watchRest } from '../src/nodes/rest.ts';
import { ToldOnce } from '../src/nodes/told-once.ts';
import type { Output } from '../src/output/output.ts';
import type { SourceState } from '../src/source.ts';
import { reprise, runReprise } from './support/reprise.ts';
import { replay, serve, stream, type TestServer } from './support/server.ts';

function storeFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'reprise-')), 'f.db');
}

/** /204 and /404 answer so, and each other path is a stream of two events. */
function serveEnds(): Promise<TestServer> {
  return serve((request, response) => {
    const status = Number(request.url?.slice(1));
    if (status > 0) {
      response.writeHead(status).end();
    } else {
      replay(request, response, 2);
    }
  });
}

/** Without warnings about a machine that is slow. */
function ends(stderr: readonly string[]): readonly string[] {
  return stderr.filter((line) => /\b(?:ended|gave up|parked) /.test(line)).toSorted();
}

const again = 'ended in another run: `reprise cluster retry` runs it again';

const parked: unknown = expect.stringMatching(/^parked .*404.*, next attempt in \d+\.\ds$/);

describe('reprise tail --store', () => {
  test.each([
    ['204', [], 0, ['ended status 204: the server has no more events'], again],
    ['404', [], 1, [expect.stringMatching(/^gave up .*404/)], parked],
    ['feed', ['--until', '2'], 0, [], again],
  ])(
    'ends when its only source has, and so does the next run: /%s',
    async (path, options, status, lines, line) => {
      const { port } = await serveEnds();
      const args = ['tail', '--store', storeFile(), ...options, `http://127.0.0.1:${port}/${path}`];
      const first = await runReprise(...args);
      expect(ends(first.stderr)).toEqual(lines);
      const next = await runReprise(...args);
      expect(ends(next.stderr)).toEqual([line]);
      expect([first.status, next.status]).toEqual([status, status]);
    },
  );

  test('with --workers it ends, too, and tells the end of each source once', async () => {
    const { port } = await serveEnds();
    const urls = ['204', '404', 'feed'].map((path) => `http://127.0.0.1:${port}/${path}`);
    const args = ['tail', '--workers', '2', '--store', storeFile(), '--until', '2'];
    const first = await runReprise(...args, ...urls);
    expect(ends(first.stderr)).toEqual([
      `${urls[0]} ended status 204: the server has no more events`,
      expect.stringContaining(`${urls[1]} gave up `),
    ]);
    const next = await runReprise(...args, ...urls.toReversed());
    expect(ends(next.stderr)).toEqual([
      `${urls[0]} ${again}`,
      expect.stringContaining(`${urls[1]} parked `),
      `${urls[2]} ${again}`,
    ]);
    expect([first.status, next.status]).toEqual([0, 0]);
  });

  test('OWN-11 workers whose name is taken end with status 3, and say so once', async () => {
    const { port } = await serve((_request, response) => {
      stream(response);
    });
    const args = ['tail', '--node', 'a', '--workers', '2', '--store', storeFile()];
    const url = `http://127.0.0.1:${port}/feed`;
    const first = reprise(...args, url);
    await first.stderr.until(/^connected$/);
    const second = await runReprise(...args, url);
    expect(second.stderr.filter((line) => line.startsWith('Expected '))).toEqual([
      expect.stringMatching(
        /^Expected node "a-[12]" to be the only one of its name, got process \d+ on .* which is alive/,
      ),
    ]);
    expect(second.status).toBe(3);
    first.process.kill('SIGTERM');
    expect(await first.whenExited).toBe(0);
  });

  test('a program goes on while another one follows a source of both', async () => {
    const feed = Promise.withResolvers<void>();
    const { port } = await serve((request, response) => {
      if (request.url === '/204') {
        response.writeHead(204).end();
      } else {
        stream(response);
        void feed.promise.then(() => response.write('id: 1\ndata: last\n\n'));
      }
    });
    const urls = ['204', 'feed'].map((path) => `http://127.0.0.1:${port}/${path}`);
    const args = ['tail', '--store', storeFile(), '--until', 'last', ...urls];
    const first = reprise(...args);
    await first.stderr.until(/ended status 204/);
    await first.stderr.until(/feed connected/);
    const second = reprise(...args);
    await second.stderr.until(/204 ended in another run/);
    feed.resolve();
    expect(await Promise.all([first.whenExited, second.whenExited])).toEqual([0, 0]);
    expect(second.stderr.all).toContain(`${urls[1]} ${again}`);
  });
});

describe('a node whose streams are parked', () => {
  const sources = ['a', 'b'].map((name) => {
    const url = `https://example.com/${name}`;
    return { id: name, url, name: url };
  });

  /** A node that knows this, and the calls that it makes. */
  function watch(parked: Record<string, number | undefined>) {
    const known = { phase: 'member' };
    const system = createTestSystem();
    const states: string[] = [];
    const stops: number[] = [];
    const status = (): Cluster.Status | undefined => {
      const streams = Object.entries(parked).map(([name, retryIn]) => ({
        key: `https://example.com/${name}`,
        strikes: 0,
        reason: 'it has ended',
        retryIn,
      }));
      return { node: known, streams: { parked: streams } } as unknown as Cluster.Status;
    };
    const output = {
      state: (source: { readonly id: string }, state: SourceState) => {
        states.push(`${source.id} ${state.type}`);
      },
    } as unknown as Output;
    Task.startLink(system, (self) =>
      watchRest(self, { sources, output, status, stop: (code) => stops.push(code) }),
    );
    return { system, known, parked, states, stops };
  }

  test('ends with status 0 if one has ended, when all are for longer than from look to look', async () => {
    const node = watch({ a: undefined });
    await advance(node.system, 10_000);
    expect([node.states, node.stops]).toEqual([['a parked'], []]);
    node.parked['b'] = 60_000;
    await advance(node.system, 2500);
    expect([node.states, node.stops]).toEqual([['a parked', 'b parked'], []]);
    await advance(node.system, 1000);
    expect(node.stops).toEqual([0]);
    await node.system.stop();
  });

  test('ends with status 1 if all have given up', async () => {
    const node = watch({ a: 60_000, b: 3_600_000 });
    await advance(node.system, 4000);
    expect(node.stops).toEqual([1]);
    await node.system.stop();
  });

  test('goes on while one is tried again, and while the node has no lease', async () => {
    const node = watch({ a: undefined, b: 0 });
    await advance(node.system, 10_000);
    node.known.phase = 'fenced';
    node.parked['b'] = undefined;
    await advance(node.system, 10_000);
    expect(node.stops).toEqual([]);
    await node.system.stop();
  });
});

test('the end of a stream is told again only after it has run again', () => {
  const states: string[] = [];
  const output = new ToldOnce({
    state: (_source: unknown, state: SourceState) => {
      states.push(state.type);
    },
  } as unknown as Output);
  const source = { id: 'a', url: 'https://example.com/a', name: 'a' };
  const parked = { type: 'parked', reason: 'it has ended', retryIn: undefined } as const;
  for (const state of [parked, parked, { type: 'owned' }, { type: 'ended' }, parked] as const) {
    output.state(source, state);
  }
  expect(states).toEqual(['parked', 'owned', 'ended']);
});
