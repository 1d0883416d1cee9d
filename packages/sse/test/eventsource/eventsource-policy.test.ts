import { describe, expect, test } from '@jest/globals';
import { isAlive, type Pid } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { start, status } from '../../src/client/client.ts';
import {
  type EventSourceSink,
  eventSourceClient,
  type ErrorDetails,
} from '../../src/eventsource/client.ts';
import { eventSourceRequest } from '../../src/eventsource/request.ts';
import type { SseRequest } from '../../src/index.ts';
import { Queue } from '../support/queue.ts';
import { ceiling, floor, jitter } from '../support/run.ts';
import { closedPort, serveSecurely } from '../support/servers.ts';
import { type Exchange, openStage, type Stage } from '../support/stage.ts';

type SinkCall =
  | { readonly type: 'opened' | 'message'; readonly text: string }
  | ({ readonly type: 'interrupted' | 'failed' } & ErrorDetails);

/** The client of an EventSource, on the clock of the stage. */
async function follow(
  stage: Stage,
  request: Partial<SseRequest> = {},
): Promise<{ readonly client: Pid; next(): Promise<SinkCall> }> {
  const calls = new Queue<SinkCall>();
  const sink: EventSourceSink = {
    isClosed: () => false,
    opened: (text) => {
      calls.push({ type: 'opened', text });
    },
    message: ({ data: text }) => {
      calls.push({ type: 'message', text });
    },
    interrupted: (details) => {
      calls.push({ type: 'interrupted', ...details });
    },
    failed: (details) => {
      calls.push({ type: 'failed', ...details });
    },
  };
  const client = await start(stage.system, eventSourceClient, {
    sink,
    request: { ...eventSourceRequest(stage.url, {}), ...request },
  });
  return { client: client as Pid, next: () => calls.next() };
}

/** The delay until the client's next attempt, in ms. */
async function delay(stage: Stage, client: Pid): Promise<number> {
  await settle(stage.system);
  return (status(client).nextAttemptAt ?? NaN) - stage.system.clock.now();
}

const drop = ({ request }: Exchange): void => void request.socket.destroy();
const end =
  (body: string) =>
  ({ stream, response }: Exchange): void => {
    stream(body);
    response.end();
  };

describe('for any behaviour of a server, it gets at most 5 requests in the first second and 20 in the first minute', () => {
  test.each([
    ['ends streams at once', end('')],
    ['asks for retry: 0', end('retry: 0\n\n')],
    ['asks for retry: 1 and sends events', end('retry: 1\n\ndata: x\n\n')],
    ['drops every request', drop],
  ])('that %s', async (_case, play) => {
    await using stage = await openStage();
    jitter(floor);
    const { client, next } = await follow(stage);
    const times: number[] = [];
    while (stage.system.clock.now() < 60_000) {
      const exchange = await stage.next();
      times.push(stage.system.clock.now());
      play(exchange);
      while ((await next()).type !== 'interrupted') {
        // The messages before the end.
      }
      await advance(stage.system, await delay(stage, client));
    }
    expect(times.filter((time) => time < 1000).length).toBeLessThanOrEqual(5);
    expect(times.filter((time) => time < 60_000).length).toBeLessThanOrEqual(20);
  });
});

describe('the delay', () => {
  const delaysOf = async (
    plays: readonly ((exchange: Exchange) => void)[],
    before: (stage: Stage, play: number) => Promise<void> = async () => undefined,
  ): Promise<number[]> => {
    await using stage = await openStage();
    jitter(ceiling);
    const { client, next } = await follow(stage);
    const found: number[] = [];
    for (const [index, play] of plays.entries()) {
      const exchange = await stage.next();
      exchange.stream();
      expect((await next()).type).toBe('opened');
      await before(stage, index);
      play(exchange);
      while ((await next()).type !== 'interrupted') {
        // The messages before the end.
      }
      found.push(await delay(stage, client));
      await advance(stage.system, found.at(-1) ?? 0);
    }
    return found;
  };
  const endWith =
    (text: string) =>
    ({ response }: Exchange): void => {
      response.end(text);
    };

  test('grows from 1 s to 30 s while the connections end at once and bring no event', async () => {
    const delays = await delaysOf(Array.from({ length: 7 }, () => endWith('')));
    expect(delays.map(Math.round)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test('does not grow while the connections bring events and end properly', async () => {
    const delays = await delaysOf(Array.from({ length: 4 }, () => endWith('data: x\n\n')));
    expect(delays.map(Math.round)).toEqual([1200, 1200, 1200, 1200]);
  });

  test('starts over after a connection of a minute', async () => {
    const stand = async ({ system }: Stage, play: number): Promise<void> =>
      play === 2 ? advance(system, 60_000) : undefined;
    const delays = await delaysOf(
      Array.from({ length: 4 }, () => endWith('')),
      stand,
    );
    expect(delays.map(Math.round)).toEqual([1000, 2000, 1200, 1000]);
  });

  test('grows from the server’s retry, which stays and is never cut short', async () => {
    const delays = await delaysOf([endWith('retry: 3000\n\n'), endWith(''), endWith('')]);
    expect(delays.map(Math.round)).toEqual([3600, 6000, 12_000]);
  });
});

test('silence for 5 min ends an open stream, and a head that takes as long ends the attempt; each is tried again', async () => {
  await using stage = await openStage();
  jitter(ceiling);
  const { next } = await follow(stage);
  await stage.next();
  await advance(stage.system, 299_999);
  await advance(stage.system, 1);
  expect(await next()).toEqual({
    type: 'interrupted',
    message: 'response timeout after 300000 ms',
  });
  await advance(stage.system, 1000);
  (await stage.next()).stream();
  expect((await next()).type).toBe('opened');
  await advance(stage.system, 300_000);
  expect(await next()).toEqual({ type: 'interrupted', message: 'idle timeout after 300000 ms' });
  await advance(stage.system, 2000);
  await stage.next();
});

test('a refused connection is tried again', async () => {
  await using stage = await openStage();
  const { client, next } = await follow(stage, { url: `http://127.0.0.1:${await closedPort()}/` });
  const call = await next();
  expect(call.type).toBe('interrupted');
  expect(call).toHaveProperty('message', expect.stringContaining('ECONNREFUSED'));
  expect(await delay(stage, client)).toBeGreaterThanOrEqual(250);
});

test('a redirect that goes nowhere is tried again, and has its status', async () => {
  await using stage = await openStage();
  const { next } = await follow(stage);
  (await stage.next()).refuse(302, { location: 'ftp://127.0.0.1/' });
  expect(await next()).toMatchObject({ type: 'interrupted', code: 302 });
});

test('a certificate that is not trusted fails the connection, and the process ends', async () => {
  await using stage = await openStage();
  await using server = await serveSecurely(() => undefined);
  const { client, next } = await follow(stage, { url: server.url });
  const call = await next();
  expect(call.type).toBe('failed');
  expect(call).toHaveProperty('message', expect.stringContaining('SELF_SIGNED'));
  await settle(stage.system);
  expect(isAlive(client)).toBe(false);
  expect(stage.system.reports).toEqual([]);
});
