import { describe, expect, test } from '@jest/globals';
import { createSystem } from '@reprise/actor';
import { advance, settle } from '@reprise/actor/testing';

import { Queue } from '../support/queue.ts';
import {
  ceiling,
  delayAfter,
  delays,
  floor,
  jitter,
  type Play,
  refuse,
  run,
  stream,
} from '../support/run.ts';
import { closedPort } from '../support/servers.ts';
import { type Exchange, openStage, settleNetwork, type Stage } from '../support/stage.ts';

describe('the delay', () => {
  const ceilings = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];
  const seven = ceilings.map(() => refuse);

  test('REC-09 doubles from 1 s to 30 s', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    expect(await delays(seven, stage, await run(stage))).toEqual(ceilings);
  });

  test('REC-09 has full jitter down to a sixth of it, and to 250 ms', async () => {
    await using stage = await openStage();
    jitter(floor);
    const floors = [250, 334, 667, 1334, 2667, 5000, 5000];
    expect(await delays(seven, stage, await run(stage))).toEqual(floors);
  });

  test('REC-09 two clients that are cut off together come back at different times', async () => {
    await using stage = await openStage();
    const found = await delays(seven, stage, await run(stage));
    for (const [index, delay] of found.entries()) {
      const highest = ceilings[index] ?? 0;
      expect(delay).toBeGreaterThanOrEqual(Math.max(250, Math.floor(highest / 6)));
      expect(delay).toBeLessThanOrEqual(highest);
    }
    await using other = await openStage();
    expect(await delays(seven, other, await run(other))).not.toEqual(found);
  });

  test('is drawn with the random numbers of its system', async () => {
    await using stage = await openStage();
    const { clock, logger } = stage.system;
    const draws = [0.5, 0, 1 - 2 ** -32];
    const system = createSystem({ clock, logger, random: () => draws.shift() ?? 0 });
    const own = { ...stage, system: Object.assign(system, { reports: [] }) as never };
    expect(await delays(seven.slice(0, 3), own, await run(own))).toEqual([625, 334, 4000]);
    await system.stop();
  });

  test('is the delay: no attempt before its end, and one then', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const after = await delayAfter(refuse, stage, client);
    await advance(stage.system, after - 1);
    await settleNetwork();
    expect(stage.asked).toBe(1);
    await advance(stage.system, 1);
    await stage.next();
  });

  test('minDelay and maxDelay are the user’s', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage, { minDelay: 10, maxDelay: 35 });
    expect(await delays(seven, stage, client)).toEqual([10, 20, 35, 35, 35, 35, 35]);
  });

  test('REC-10 is a number in its band after 40 failures too', async () => {
    await using stage = await openStage();
    const client = await run(stage, { url: `http://127.0.0.1:${await closedPort()}/` });
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      expect(await client.next()).toEqual({ type: 'connecting', attempt });
      const { after } = await client.until('disconnected');
      expect(after).toBeGreaterThanOrEqual(250);
      expect(after).toBeLessThanOrEqual(30_000);
      await advance(stage.system, after);
    }
  });

  test('REC-11 keeps growing after connections that end at once, without an event', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    const plays = [refuse, stream(), stream('retry: 500\n\n'), refuse];
    expect(await delays(plays, stage, client)).toEqual([1000, 2000, 4000, 8000]);
  });

  test('REC-11 starts over after a connection that brought an event and was ended properly', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    const plays = [refuse, refuse, refuse, stream('data: x\n\n'), stream('data: x\n\n'), refuse];
    expect(await delays(plays, stage, client)).toEqual([1000, 2000, 4000, 1200, 1200, 1000]);
  });

  const cut = async (exchange: Exchange, stage: Stage, stood: number): Promise<void> => {
    exchange.stream('data: x\n\n');
    await settleNetwork();
    await advance(stage.system, stood);
    exchange.request.socket.destroy();
  };

  test.each([
    ['keeps growing', 4000, 8000],
    ['starts over', 4001, 1200],
  ])(
    'REC-11 %s after a connection that brought an event and was cut after %i ms, where the delay before it was 4000 ms',
    async (_what, stood, expected) => {
      await using stage = await openStage();
      jitter(ceiling);
      const client = await run(stage);
      await advance(stage.system, (await delays([refuse, refuse, refuse], stage, client))[2] ?? 0);
      await cut(await stage.next(), stage, stood);
      expect((await client.until('disconnected')).after).toBe(expected);
    },
  );

  test.each([
    [4000, 8000],
    [4001, 4000],
    [59_999, 4000],
    [60_000, 1200],
  ])(
    'REC-11 after a connection of %i ms without an event is %i ms, where it was 4000 ms',
    async (stood, expected) => {
      await using stage = await openStage();
      jitter(ceiling);
      const client = await run(stage);
      await advance(stage.system, (await delays([refuse, refuse, refuse], stage, client))[2] ?? 0);
      const exchange = await stage.next();
      exchange.stream();
      await client.until('connected');
      await advance(stage.system, stood);
      exchange.response.end();
      expect((await client.until('disconnected')).after).toBe(expected);
    },
  );

  test('REC-11 healthyAfter is the user’s', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage, { healthyAfter: 5 });
    await advance(stage.system, (await delays([refuse, refuse], stage, client)).at(-1) ?? 0);
    const exchange = await stage.next();
    exchange.stream();
    await client.until('connected');
    await advance(stage.system, 5);
    exchange.response.end();
    expect((await client.until('disconnected')).after).toBe(1200);
  });

  test('REC-07 grows from the server’s retry, and stays with it', async () => {
    await using stage = await openStage();
    jitter(ceiling);
    const client = await run(stage);
    const plays = [
      stream('retry: 2000\n\n'),
      refuse,
      stream('data: x\n\n'),
      stream('retry: 500\ndata: x\n\n'),
    ];
    expect(await delays(plays, stage, client)).toEqual([2400, 4000, 2400, 1200]);
  });

  const seeds = Array.from({ length: 60 }, (_, index) => index / 60);

  test('REC-07 no delay is shorter than the server’s retry, nor a fifth longer, for 60 places of the jitter', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    for (const seed of seeds) {
      jitter(seed);
      const { stream, response } = await stage.next();
      stream('retry: 3000\ndata: x\n\n');
      await client.handled.next();
      // The budget of requests allows one more.
      await advance(stage.system, 4000);
      response.end();
      const { after } = await client.until('disconnected');
      expect(after).toBeGreaterThanOrEqual(3000);
      expect(after).toBeLessThanOrEqual(3600);
      await advance(stage.system, after);
    }
  });

  test.each<[string, Play]>([
    ['ended at once', stream('retry: 3000\n\n')],
    ['a refusal after it', refuse],
    [
      'a Retry-After that is shorter',
      (exchange) => {
        exchange.refuse(503, { 'retry-after': '1' });
      },
    ],
  ])('REC-07 nor is it after a connection that failed: %s', async (_what, play) => {
    await using stage = await openStage();
    const client = await run(stage);
    jitter(floor);
    const plays = [stream('retry: 3000\ndata: x\n\n'), play, play, play];
    for (const after of await delays(
      plays.map((one) => (exchange: Exchange) => {
        one(exchange, 0);
      }),
      stage,
      client,
    )) {
      expect(after).toBeGreaterThanOrEqual(3000);
    }
  });

  test.each([
    ['0', 1000, 1200],
    ['99999999999', 300_000, 300_000],
    ['600000', 300_000, 300_000],
    ['60000', 60_000, 72_000],
  ])('REC-08 after retry: %s is from %i ms to %i ms', async (retry, least, most) => {
    for (const [place, expected] of [
      [floor, least],
      [ceiling, most],
    ] as const) {
      await using stage = await openStage();
      jitter(place);
      const play = stream(`retry: ${retry}\ndata: x\n\n`);
      expect(await delayAfter(play, stage, await run(stage))).toBe(expected);
    }
  });

  test('REC-08 after retry: 0 is 100 ms where minDelay allows it', async () => {
    await using stage = await openStage();
    jitter(floor);
    const client = await run(stage, { minDelay: 50 });
    expect(await delayAfter(stream('retry: 0\ndata: x\n\n'), stage, client)).toBe(100);
  });

  test.each([
    ['ST-15 2 s', 503, '2', 2000, 2400],
    ['ST-15 2 s, for 429 too', 429, '2', 2000, 2400],
    ['ST-15 shorter than the delay', 503, '0', 250, 1000],
    ['ST-16 above 15 min', 503, '1000000000000', 900_000, 900_000],
    ['ST-16 garbage', 503, 'soon', 250, 1000],
    ['ST-16 negative', 503, '-5', 250, 1000],
    ['ST-16 a date that is past', 503, 'Wed, 21 Oct 2015 07:28:00 GMT', 250, 1000],
  ])('honours Retry-After: %s', async (_rule, status, value, least, most) => {
    for (const [place, expected] of [
      [floor, least],
      [ceiling, most],
    ] as const) {
      await using stage = await openStage();
      jitter(place);
      const play = (exchange: Exchange): void => {
        exchange.refuse(status, { 'retry-after': value });
      };
      expect(await delayAfter(play, stage, await run(stage))).toBe(expected);
    }
  });

  test('ST-16 a Retry-After without end is waited for, not given up at, where the user sets no limit', async () => {
    await using stage = await openStage();
    jitter(floor);
    const client = await run(stage, { maxRetryAfter: Infinity });
    const play = (exchange: Exchange): void => {
      exchange.refuse(503, { 'retry-after': '9'.repeat(400) });
    };
    expect(await delayAfter(play, stage, client)).toBe(Number.MAX_SAFE_INTEGER);
  });

  test.each([
    [429, { 'retry-after-ms': '61000' }, 61_000],
    [503, { 'x-ms-retry-after-ms': '61000.5' }, 61_001],
    [503, { 'retry-after-ms': '61000', 'retry-after': '120' }, 61_000],
    [503, { 'retry-after-ms': 'soon', 'retry-after': '120' }, 120_000],
    [503, { 'retry-after-ms': '-5', 'retry-after': '120' }, 120_000],
    [503, { 'retry-after-ms': '9'.repeat(400) }, 900_000],
  ])(
    'REC-23 honours retry-after-ms before Retry-After: %i %j',
    async (status, headers, expected) => {
      await using stage = await openStage();
      jitter(floor);
      const client = await run(stage);
      (await stage.next()).refuse(status, headers);
      expect((await client.until('disconnected')).after).toBe(expected);
    },
  );

  test('ST-16 honours Retry-After: a date', async () => {
    await using stage = await openStage();
    const date = new Date(Date.now() + 600_000).toUTCString();
    const play = (exchange: Exchange): void => {
      exchange.refuse(503, { 'retry-after': date });
    };
    jitter(floor);
    const after = await delayAfter(play, stage, await run(stage));
    expect(after).toBeGreaterThan(590_000);
    expect(after).toBeLessThanOrEqual(600_000);
  });
});

test.each([
  ['an hour ahead', 3_600_000],
  ['an hour behind', -3_600_000],
])('REC-23 a date in Retry-After is compared with the Date of its answer: %s', async (_how, ms) => {
  await using stage = await openStage();
  const now = Math.floor(stage.system.clock.date() / 1000) * 1000 + ms;
  const play = (exchange: Exchange): void => {
    const date = new Date(now).toUTCString();
    exchange.refuse(503, { date, 'retry-after': new Date(now + 60_000).toUTCString() });
  };
  jitter(floor);
  expect(await delayAfter(play, stage, await run(stage))).toBe(60_000);
});

test.each([undefined, 'soon'])(
  'ST-16 a date in Retry-After is compared with the wall clock of the system where the Date is %p',
  async (sent) => {
    await using stage = await openStage();
    const { clock } = stage.system;
    clock.sleep(24 * 3_600_000);
    const date = Math.floor(clock.date() / 1000) * 1000 + 600_000;
    const play = (exchange: Exchange): void => {
      exchange.response.sendDate = false;
      const headers = sent === undefined ? {} : { date: sent };
      exchange.refuse(503, { ...headers, 'retry-after': new Date(date).toUTCString() });
    };
    jitter(floor);
    expect(await delayAfter(play, stage, await run(stage))).toBe(date - clock.date());
  },
);

describe('for any behaviour of the server, it sends at most 5 requests in the first second and 20 in the first minute', () => {
  const byTurns =
    (odd: Play, even: Play): Play =>
    (exchange, turn) => {
      (turn % 2 === 1 ? odd : even)(exchange, turn);
    };
  const unauthorized: Play = (exchange) => {
    exchange.refuse(401);
  };
  const reset: Play = ({ request }) => {
    request.socket.resetAndDestroy();
  };

  test.each<[string, Play]>([
    ['503', refuse],
    [
      '503 with Retry-After: 0',
      (exchange) => {
        exchange.refuse(503, { 'retry-after': '0' });
      },
    ],
    ['a reset', reset],
    ['the end of the stream', stream()],
    ['an event and the end', stream('data: x\n\n')],
    ['retry: 0 and the end', stream('retry: 0\n\n')],
    ['retry: 0, an event with an id and the end', stream('retry: 0\nid: 1\ndata: x\n\n')],
    ['retry: 0 and the end, a reset, by turns', byTurns(stream('retry: 0\n\n'), reset)],
    ['401, the end of the stream, by turns', byTurns(unauthorized, stream('data: x\n\n'))],
    ['401, retry: 0 and the end, by turns', byTurns(unauthorized, stream('retry: 0\n\n'))],
  ])('%s', async (_what, play) => {
    await using stage = await openStage();
    jitter(floor);
    const client = await run(stage, { headers: () => ({ authorization: 'token' }) });
    const { clock } = stage.system;
    const times: number[] = [];
    for (let isOver = false; !isOver && clock.now() < 60_000;) {
      const status = await client.next();
      if (status.type === 'connecting') {
        const exchange = await stage.next();
        times.push(clock.now());
        play(exchange, times.length);
      } else if (status.type === 'disconnected') {
        await advance(stage.system, status.after);
      } else {
        isOver = status.type === 'gaveUp';
      }
    }
    expect(times.filter((time) => time < 1000).length).toBeLessThanOrEqual(5);
    expect(times.filter((time) => time < 60_000).length).toBeLessThanOrEqual(20);
  });
});

describe('silence', () => {
  test('BODY-06 of 5 min ends the connection, and it connects again', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const { stream, closed } = await stage.next();
    stream('data: x\n\n');
    await client.handled.next();
    await advance(stage.system, 299_999);
    expect(client.statuses.at(-1)?.type).toBe('connected');
    await advance(stage.system, 1);
    const { reason, failure, after } = await client.until('disconnected');
    expect(failure).toMatchObject({ type: 'timeout', ms: 300_000 });
    expect(reason).toBe('idle timeout after 300000 ms');
    await closed;
    await advance(stage.system, after);
    await stage.next();
  });

  test('BODY-07 is ended by a comment', async () => {
    await using stage = await openStage();
    const client = await run(stage, { idleTimeout: 1000 });
    const { stream, response } = await stage.next();
    stream();
    await client.until('connected');
    for (let count = 0; count < 3; count += 1) {
      await advance(stage.system, 999);
      response.write(':\n');
      await settleNetwork();
    }
    expect(client.statuses.at(-1)?.type).toBe('connected');
    await advance(stage.system, 1000);
    expect((await client.until('disconnected')).failure).toMatchObject({ type: 'timeout' });
  });

  test('BODY-07 may last for ever with an idleTimeout of Infinity', async () => {
    await using stage = await openStage();
    const client = await run(stage, { idleTimeout: Infinity });
    const { stream, response } = await stage.next();
    stream();
    await client.until('connected');
    await advance(stage.system, 1e9);
    response.write('data: x\n\n');
    expect(await client.handled.next()).toMatchObject({ data: 'x' });
    expect(stage.asked).toBe(1);
  });

  test('does not count while an event is handled', async () => {
    await using stage = await openStage();
    const { promise: brake, resolve: release } = Promise.withResolvers<void>();
    const events = new Queue<string>();
    const client = await run(stage, {
      idleTimeout: 1000,
      handle: async ({ data }) => {
        events.push(data);
        await brake;
      },
    });
    (await stage.next()).stream('data: x\n\ndata: y\n\n');
    expect(await events.next()).toBe('x');
    await advance(stage.system, 60_000);
    release();
    expect(await events.next()).toBe('y');
    await settle(stage.system);
    expect(client.statuses.at(-1)?.type).toBe('connected');
  });

  test('NET-05 of 5 min where the head of the response should be ends the attempt', async () => {
    await using stage = await openStage();
    const client = await run(stage);
    const { closed } = await stage.next();
    await advance(stage.system, 300_000);
    expect((await client.until('disconnected')).failure).toEqual({
      type: 'timeout',
      phase: 'response',
      ms: 300_000,
    });
    await closed;
  });
});
