import type { ServerResponse } from 'node:http';

import { describe, expect, test } from '@jest/globals';
import { virtualClock } from '@reprise/actor/testing';

import { openConnection } from '../../src/http/connection.ts';
import { defaultRedirectDelay } from '../../src/http/redirect.ts';
import { nextDelay } from '../../src/resilient/policy.ts';
import { Queue } from '../support/queue.ts';
import { aWhile, allClosed, serve, type TestServer } from '../support/servers.ts';
import { watch } from '../support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };

/** Redirects `count` times, each time to another URL, and then streams. */
async function chain(length: number, asked: () => void = () => undefined): Promise<TestServer> {
  return serve((request, response) => {
    asked();
    const count = Number(/\d+/.exec(request.url ?? '')?.[0] ?? 0);
    if (count < length) {
      redirect(response, count + 1);
    } else {
      response.writeHead(200, eventStream).write('data: x\n\n');
    }
  });
}

function redirect(response: ServerResponse, to: number): void {
  response.writeHead(307, { location: `/${to}` }).end();
}

async function requests({ requests: sent }: TestServer, count: number): Promise<void> {
  while (sent.length < count) {
    await new Promise(setImmediate);
  }
}

describe('by itself', () => {
  test('ST-08 a connection follows three redirects at once', async () => {
    await using server = await chain(3);
    using client = watch({ url: server.url });
    expect((await client.next()).type).toBe('connected');
    expect(client.clock.now()).toBe(0);
  });

  test('ST-08 it waits longer before each of the others, and all ten fit into the time for a head', async () => {
    const times: number[] = [];
    const waits = new Queue<number>();
    await using server = await chain(10, () => times.push(client.clock.now() / 1000));
    const redirectDelay = (count: number): number => {
      waits.push(defaultRedirectDelay(count));
      return defaultRedirectDelay(count);
    };
    using client = watch({ url: server.url, redirectDelay });
    for (let count = 1; count <= 10; count++) {
      await client.advance(await waits.next());
    }
    expect((await client.next()).type).toBe('connected');
    expect(times).toEqual([0, 0, 0, 0, 1, 3, 6, 10, 15, 21, 28]);
  });

  test('ST-08 meanwhile it holds no socket, and the time for the head runs', async () => {
    await using server = await chain(10);
    using client = watch({ url: server.url, responseTimeout: 900 });
    await requests(server, 4);
    await allClosed(server);
    await client.advance(900);
    expect(client.calls).toMatchObject([{ failure: { type: 'timeout', phase: 'response' } }]);
    await client.advance(60_000);
    await aWhile();
    expect(server.requests).toHaveLength(4);
  });

  test('LIFE-01 destroyed while it waits, it sends nothing more', async () => {
    await using server = await chain(10);
    const client = watch({ url: server.url });
    await requests(server, 4);
    await allClosed(server);
    client.connection.destroy();
    await client.advance(60_000);
    await aWhile();
    expect(server.requests).toHaveLength(4);
    expect(client.calls).toEqual([]);
  });

  test('ST-08 the default: none for three, then a second more each', () => {
    expect([1, 2, 3, 4, 5, 10].map(defaultRedirectDelay)).toEqual([0, 0, 0, 1000, 2000, 7000]);
  });
});

describe('redirectDelay', () => {
  test('is asked with the number of each redirect, and waited for', async () => {
    const asked = new Queue<number>();
    await using server = await chain(2);
    const redirectDelay = (count: number): number => {
      asked.push(count);
      return count * 100;
    };
    using client = watch({ url: server.url, redirectDelay });
    for (const count of [1, 2]) {
      expect(await asked.next()).toBe(count);
      await client.advance(count * 100 - 1);
      await aWhile();
      expect(server.requests).toHaveLength(count);
      await client.advance(1);
    }
    expect((await client.next()).type).toBe('connected');
    expect(client.clock.now()).toBe(300);
  });

  test('that throws is a failure', async () => {
    const error = new Error('mine');
    await using server = await chain(1);
    const redirectDelay = (): number => {
      throw error;
    };
    using client = watch({ url: server.url, redirectDelay });
    expect(await client.next()).toMatchObject({
      type: 'failed',
      failure: { type: 'request', error },
    });
    await allClosed(server);
  });
});

/** A policy that counts each redirect as an attempt and makes it wait as long as one. */
describe('counted as attempts, redirects too are at most 5 requests in the first second and 20 in the first minute', () => {
  type Play = (response: ServerResponse, url: number) => void;

  const close: Play = (response) => {
    response.writeHead(200, eventStream).end();
  };
  const after =
    (length: number, last: Play): Play =>
    (response, url) => {
      if (url < length) {
        redirect(response, url + 1);
      } else {
        last(response, url);
      }
    };

  async function requestTimes(play: Play, retry: number | undefined): Promise<readonly number[]> {
    const clock = virtualClock();
    const times: number[] = [];
    await using server = await serve((request, response) => {
      times.push(clock.now());
      play(response, Number(/\d+/.exec(request.url ?? '')?.[0] ?? 0));
    });
    const delay = (): number => nextDelay(times.length, { retry }, () => 0);
    while (clock.now() < 60_000) {
      const waits = new Queue<number | undefined>();
      const over = (): void => {
        waits.push(undefined);
      };
      const redirectDelay = (): number => {
        const wait = times.length === 1 ? 0 : delay();
        waits.push(wait);
        return wait;
      };
      const handlers = {
        connected: () => undefined,
        packet: over,
        failed: over,
        disconnected: over,
      };
      openConnection({ url: server.url, redirectDelay }, handlers, clock);
      for (let wait = await waits.next(); wait !== undefined; wait = await waits.next()) {
        await clock.advance(wait);
      }
      await clock.advance(delay());
    }
    return times;
  }

  test.each<[string, Play]>([
    ['a new URL each time', after(Infinity, close)],
    ['ten redirects, and a stream that closes at once', after(10, close)],
    ['one redirect, and a stream that closes at once', after(1, close)],
    ['two redirects, and 503', after(2, (response) => response.writeHead(503).end())],
  ])('%s', async (_what, play) => {
    for (const retry of [undefined, 0]) {
      const times = await requestTimes(play, retry);
      expect(times.filter((time) => time < 1000).length).toBeLessThanOrEqual(5);
      expect(times.filter((time) => time < 60_000).length).toBeLessThanOrEqual(20);
      expect(times.length).toBeGreaterThan(10);
    }
  });
});
