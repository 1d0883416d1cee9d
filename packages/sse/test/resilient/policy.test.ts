import { execFileSync } from 'node:child_process';

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { badRequest, type ConnectFailure, network } from '../../src/http/failure.ts';
import {
  type ReconnectDelay,
  clampRetry,
  classify,
  failuresAfter,
  nextDelay,
  parseRetryAfter,
} from '../../src/resilient/policy.ts';

const lowest = (): number => 0;
const highest = (): number => 1 - Number.EPSILON;
const minutes = 60_000;

describe('nextDelay()', () => {
  test('REC-09 the upper end doubles from 1 s to 30 s', () => {
    const ends = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) =>
      Math.round(nextDelay(attempt, {}, highest)),
    );
    expect(ends).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('REC-09 the lower end is a sixth of it, and never below 250 ms', () => {
    expect([1, 2, 3, 6].map((attempt) => Math.round(nextDelay(attempt, {}, lowest)))).toEqual([
      250, 333, 667, 5000,
    ]);
  });

  test('REC-09 two clients that fail together do not come back together', () => {
    expect(nextDelay(1, {}, () => 0.2)).not.toBe(nextDelay(1, {}, () => 0.7));
  });

  test('a smaller minimum is kept to, a factor of 1 does not grow', () => {
    const backoff = { minDelay: 10, maxDelay: 80, factor: 1 };
    expect(nextDelay(5, backoff, lowest)).toBe(10);
    expect(nextDelay(5, backoff, highest)).toBeCloseTo(10);
  });

  test('a maximum below the minimum is kept to', () => {
    expect(Math.round(nextDelay(1, { maxDelay: 100 }, highest))).toBe(100);
  });

  test('REC-07 after a connection that ended well it is the longer one of minDelay and retry, and up to a fifth more', () => {
    const ends = (delay: ReconnectDelay): readonly number[] =>
      [lowest, highest].map((random) => Math.round(nextDelay(0, delay, random)));
    expect(ends({})).toEqual([1000, 1200]);
    expect(ends({ retry: 3000 })).toEqual([3000, 3600]);
    expect(ends({ retry: 100 })).toEqual([1000, 1200]);
    expect(ends({ retry: 100, minDelay: 50 })).toEqual([100, 120]);
    expect(ends({ retryAfter: 60_000 })).toEqual([60_000, 72_000]);
  });

  test('REC-07 after a failure the server’s retry and Retry-After are the least delay, with jitter on top', () => {
    const ends = (failures: number, delay: ReconnectDelay): readonly number[] =>
      [lowest, highest].map((random) => Math.round(nextDelay(failures, delay, random)));
    expect(ends(1, { retry: 2000 })).toEqual([2000, 2400]);
    expect(ends(2, { retry: 2000 })).toEqual([2000, 4000]);
    expect(ends(9, { retry: 2000 })).toEqual([5000, 30_000]);
    expect(ends(1, { retryAfter: 10_000 })).toEqual([10_000, 12_000]);
    expect(ends(9, { retryAfter: 10_000 })).toEqual([10_000, 30_000]);
    expect(ends(1, { retryAfter: 800_000 })).toEqual([800_000, 900_000]);
    expect(ends(0, { retry: 280_000 })).toEqual([280_000, 300_000]);
  });

  test('REC-08 a retry of 0 makes no hot loop, one above the maximum is waited for, up to 5 min', () => {
    expect(nextDelay(1, { retry: 0 }, lowest)).toBe(250);
    expect(nextDelay(9, { retry: 120_000 }, lowest)).toBe(120_000);
    expect(nextDelay(1, { retry: 99_999_999_999 }, lowest)).toBe(5 * minutes);
    expect(Math.round(nextDelay(1, { retry: 99_999_999_999 }, highest))).toBe(5 * minutes);
  });

  test('REC-10 any number of failures gives a delay inside its band', () => {
    const numbers = fc.integer({ min: 0, max: 1e12 });
    const options = fc.record(
      {
        minDelay: numbers,
        maxDelay: numbers,
        factor: fc.double({ min: 1, max: 1e300, noNaN: true }),
        retry: numbers,
        retryAfter: numbers,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.nat(2 ** 30),
        options,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, backoff, random) => {
          const { minDelay = 1000, maxDelay = 30_000, retry, retryAfter = 0 } = backoff;
          const requested = Math.max(retry === undefined ? 0 : clampRetry(retry), retryAfter);
          const delay = nextDelay(attempt, backoff, () => random);
          expect(delay).toBeGreaterThanOrEqual(Math.min(250, minDelay, maxDelay));
          expect(delay).toBeGreaterThanOrEqual(requested);
          expect(delay).toBeLessThanOrEqual(1.2 * Math.max(maxDelay, requested));
        },
      ),
    );
    expect(nextDelay(1e6, {}, highest)).toBeCloseTo(30_000);
    expect(nextDelay(1e6, { minDelay: 0, factor: 1e300 }, highest)).toBeCloseTo(30_000);
  });

  test.each<ReconnectDelay>([{}, { retry: 0 }, { retry: 100 }, { retry: 1000 }, { minDelay: 250 }])(
    'BODY-02 with %p and the shortest random delays, at most 5 requests in the first second and 20 in the first minute',
    (backoff) => {
      const times = [0];
      for (let attempt = 1; attempt < 50; attempt++) {
        times.push((times.at(-1) ?? 0) + nextDelay(attempt, backoff, lowest));
      }
      expect(times.filter((time) => time < 1000).length).toBeLessThanOrEqual(5);
      expect(times.filter((time) => time < minutes).length).toBeLessThanOrEqual(20);
    },
  );
});

test('REC-08 a retry is kept inside 100 ms … 5 min', () => {
  expect(
    [0, 99, 100, 3000, 5 * minutes, 2 ** 31, Infinity].map((retry) => clampRetry(retry)),
  ).toEqual([100, 100, 100, 3000, 5 * minutes, 5 * minutes, 5 * minutes]);
});

describe('parseRetryAfter()', () => {
  const now = Date.UTC(2024, 0, 1, 12, 0, 0);

  test('ST-15 takes seconds', () => {
    expect(parseRetryAfter('2', now)).toBe(2000);
    expect(parseRetryAfter(' 0 ', now)).toBe(0);
  });

  test.each([
    'Mon, 01 Jan 2024 12:00:30 GMT',
    'Monday, 01-Jan-24 12:00:30 GMT',
    'Mon Jan  1 12:00:30 2024',
  ])('ST-16 takes the date %s', (date) => {
    expect(parseRetryAfter(date, now)).toBe(30_000);
  });

  test('ST-16 a date without a zone means UTC, wherever the program runs', () => {
    const program = `
      import { parseRetryAfter } from ${JSON.stringify(import.meta.resolve('../../src/resilient/policy.ts'))};
      console.log(parseRetryAfter('Mon Jan  1 12:00:30 2024', ${now}));
    `;
    const env = { ...process.env, TZ: 'America/New_York' };
    const flags = ['--conditions=@reprise/source', '--input-type=module', '--eval', program];
    expect(execFileSync(process.execPath, flags, { env, encoding: 'utf8' })).toBe('30000\n');
  });

  test.each([
    'Mon, 01 Jan 2024 11:59:59 GMT',
    'Mon, 99 Jan 2024 12:00:30 GMT',
    '-5',
    '1.5',
    '2024-01-01T12:00:30Z',
    'Jan 1 2999',
    'soon',
    '',
    undefined,
  ])('ST-16 %p asks for nothing', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  });

  test.each(['901', '1000000000000', '9'.repeat(400), 'Tue, 01 Jan 2999 00:00:00 GMT'])(
    'ST-16 %s is honoured up to 15 min',
    (value) => {
      expect(parseRetryAfter(value, now)).toBe(15 * minutes);
    },
  );

  test('ST-16 a wait is a finite number, whatever limit the user sets', () => {
    expect(parseRetryAfter('9'.repeat(400), now, Infinity)).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseRetryAfter('7200', now, Infinity)).toBe(7_200_000);
  });

  test('ST-16 no text gives a wait outside 0 … 15 min', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.date().map(String), fc.bigInt().map(String)),
        (value) => {
          const wait = parseRetryAfter(value, now) ?? 0;
          expect(wait >= 0 && wait <= 15 * minutes).toBe(true);
        },
      ),
    );
  });
});

describe('classify()', () => {
  const head = { headers: {}, url: 'http://127.0.0.1/' };
  const withStatus = (status: number): ConnectFailure => ({
    type: 'status',
    status,
    ...head,
    body: '',
  });

  test('ST-03 204 ends well', () => {
    expect(classify({ type: 'noContent', status: 204, ...head })).toBe('end');
  });

  test.each([401, 403])('ST-13 %i asks for credentials once more', (status) => {
    expect(classify(withStatus(status))).toBe('refresh');
  });

  test.each([408, 425, 429, 500, 502, 503, 504, 599])('ST-14 %i is tried again', (status) => {
    expect(classify(withStatus(status))).toBe('retry');
  });

  test.each([201, 205, 206, 299, 300, 301, 304, 400, 404, 410, 431, 499])(
    'ST-12 %i is final',
    (status) => {
      expect(classify(withStatus(status))).toBe('fatal');
    },
  );

  test.each<[string, ConnectFailure, string]>([
    ['NET-01 a refused connection', network('ECONNREFUSED', ''), 'retry'],
    ['NET-02 an unknown host', network('ENOTFOUND', ''), 'retry'],
    ['NET-03 an untrusted certificate', { type: 'certificate', code: '', message: '' }, 'fatal'],
    ['TLS that broke off', { type: 'tls', code: '', message: '' }, 'retry'],
    ['NET-05 no answer in time', { type: 'timeout', phase: 'response', ms: 1 }, 'retry'],
    [
      'ST-08 redirects without end',
      { type: 'redirect', reason: 'tooMany', status: 302, location: '', url: '' },
      'retry',
    ],
    [
      'CT-02 a wrong content type',
      { type: 'contentType', status: 200, ...head, body: '' },
      'fatal',
    ],
    ['REQ-07 a bad request', badRequest(''), 'fatal'],
  ])('%s', (_name, failure, verdict) => {
    expect(classify(failure)).toBe(verdict);
  });
});

describe('failuresAfter()', () => {
  const quiet = { lasted: 500, hasEvents: false, isClosed: true, delay: 1000 };

  test('REC-11 a connection of 60 s is a success, however it ended', () => {
    const long = { ...quiet, isClosed: false, lasted: 60_000, delay: 300_000 };
    expect(failuresAfter(long, 3)).toBe(0);
    expect(failuresAfter({ ...long, lasted: 59_999 }, 3)).toBe(4);
    expect(failuresAfter({ ...long, lasted: 500 }, 3, 500)).toBe(0);
  });

  test('REC-11 a connection that brought an event and was ended properly is a success', () => {
    expect(failuresAfter({ ...quiet, lasted: 1, hasEvents: true }, 3)).toBe(0);
  });

  test('REC-11 a connection that brought an event and was cut is a success only if it was longer than the delay before it', () => {
    const cut = { ...quiet, hasEvents: true, isClosed: false };
    expect(failuresAfter({ ...cut, lasted: 1001 }, 3)).toBe(0);
    expect(failuresAfter({ ...cut, lasted: 1000 }, 3)).toBe(4);
  });

  test('REC-11 a connection without an event is no failure if it was longer than the delay before it', () => {
    for (const isClosed of [true, false]) {
      expect(failuresAfter({ ...quiet, isClosed, lasted: 1001 }, 3)).toBe(3);
      expect(failuresAfter({ ...quiet, isClosed, lasted: 1000 }, 3)).toBe(4);
    }
  });
});
