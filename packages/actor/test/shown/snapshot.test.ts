import { describe, expect, test } from '@jest/globals';

import { describe as describeValue } from '../../src/describe.ts';
import { plainTextOf } from '../../src/shown/plain-reading.ts';
import { createRedaction } from '../../src/shown/redaction.ts';
import { snapshot } from '../../src/shown/snapshot.ts';

const boom = (): never => {
  throw new Error('boom');
};

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

class Hostile extends Error {
  override get message(): string {
    return boom();
  }

  override get stack(): string {
    return boom();
  }

  override toString(): string {
    return boom();
  }
}

/** As for a page. */
const shownLimits = { characters: 8000, depth: 4, entries: 50, text: 200, textOf: plainTextOf };

describe('a value is copied', () => {
  test.each([
    [
      { a: 1, b: 'x', c: [true, null] },
      { a: 1, b: 'x', c: [true, null] },
    ],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new URL('https://joe:SECRET@host/?token=SECRET'), 'https://host/?token=[redacted]'],
    [new Map([['password', 'SECRET']]), { 'Map(1)': { password: '[redacted]' } }],
    [new Set([1]), { 'Set(1)': [1] }],
    [/a/g, '/a/g'],
    [7n, '7'],
    [10n ** 1000n, '[large bigint]'],
    [Buffer.alloc(50_000_000), '[Buffer of 50000000 bytes]'],
    [new Float64Array(2), '[Float64Array of 16 bytes]'],
    [new ArrayBuffer(3), '[ArrayBuffer of 3 bytes]'],
    [new TypeError('bad'), 'TypeError: bad'],
    [function named() {}, '[function named]'],
    [{ toJSON: () => ({ shown: 1 }) }, { shown: 1 }],
  ])('as data that can be printed: %#', (value, shown) => {
    expect(snapshot(value)).toStrictEqual(shown);
  });

  test('without secrets: by the names of fields, in headers all values', () => {
    const value = {
      user: 'joe',
      apiKey: 'SECRET',
      headers: { 'x-own': 'SECRET', 'content-type': 'text/html' },
      rawHeaders: ['x-own', 'SECRET'],
      tls: { key: 'SECRET', ca: 'public' },
      nested: { text: 'Bearer SECRET' },
      session: { cookies: [{ value: 'SECRET' }] },
    };
    expect(JSON.stringify(snapshot(value))).not.toContain('SECRET');
    expect(snapshot(value)).toMatchObject({
      user: 'joe',
      headers: { 'x-own': '[redacted]', 'content-type': 'text/html' },
      tls: { ca: 'public' },
    });
  });

  test('without secrets that have their names beside them: pairs, and entries of a list', () => {
    const value = {
      pairs: [
        ['cookie', 'a=SECRET'],
        ['host', 'example.com'],
      ],
      headers: [
        ['x-own', 'SECRET'],
        ['date', 'today'],
      ],
      entries: [
        { name: 'Authorization', value: 'SECRET' },
        { key: 'password', value: 'SECRET' },
        { header: 'authorization', value: 'SECRET' },
        { field: 'password', value: 'SECRET' },
        { name: 'currency', value: 'EUR' },
      ],
      set: new Set([['apiKey', 'SECRET']]),
      three: ['token', 'type', 'count'],
    };
    expect(snapshot(value)).toEqual({
      pairs: [
        ['cookie', '[redacted]'],
        ['host', 'example.com'],
      ],
      headers: [
        ['x-own', '[redacted]'],
        ['date', 'today'],
      ],
      entries: [
        { name: 'Authorization', value: '[redacted]' },
        { key: 'password', value: '[redacted]' },
        { header: 'authorization', value: '[redacted]' },
        { field: 'password', value: '[redacted]' },
        { name: 'currency', value: 'EUR' },
      ],
      set: { 'Set(1)': [['apiKey', '[redacted]']] },
      three: ['token', 'type', 'count'],
    });
  });

  test('without the values that the names of the system hide', () => {
    expect(snapshot({ iban: 'SECRET' }, createRedaction(['iban']))).toEqual({ iban: '[redacted]' });
  });

  test('a secret that the limit cuts in two is hidden all the same', () => {
    for (let length = 1960; length < 2000; length++) {
      const text = `${'x'.repeat(length)} https://joe:SECRET-PASSWORD@host/`;
      expect(snapshot(text)).not.toContain('SECRET');
    }
  });
});

describe('no value of a user is harmful', () => {
  test.each([
    [
      'a getter that throws',
      {
        get value(): number {
          return boom();
        },
      },
    ],
    ['a toJSON that throws', { toJSON: boom }],
    ['a toString that throws', { toString: boom, [Symbol.toPrimitive]: boom }],
    ['an inspect that throws', { [Symbol.for('nodejs.util.inspect.custom')]: boom }],
    [
      'a name of the class that throws',
      Object.create({
        get constructor() {
          return boom();
        },
      }),
    ],
    ['a revoked proxy', revoked],
    ['what inherits from a revoked proxy', Object.setPrototypeOf({}, revoked)],
    ['an error whose getters throw', new Hostile()],
    ['an error whose fields are no texts', Object.assign(new Error('x'), { stack: 1, name: {} })],
    ['a fake of a Map', Object.create(Map.prototype)],
    ['a fake of a Date', Object.create(Date.prototype)],
    ['a function whose name throws', Object.defineProperty(() => undefined, 'name', { get: boom })],
    ['a list that says it is endless', new Array(2 ** 32 - 1)],
  ])('not %s', (_, value) => {
    for (const holder of [value, { value }, [value], new Map([['a', value]])]) {
      expect(JSON.stringify(snapshot(holder)).length).toBeLessThan(300);
      expect(describeValue(holder).length).toBeLessThan(200);
    }
  });

  test('the keys of an object that has very many are listed once', () => {
    const record = Object.fromEntries(Array.from({ length: 10_001 }, (_, key) => [`k${key}`, key]));
    expect(snapshot(record)).toMatchObject({ k0: 0, k1: 1 });
    expect(snapshot({ record })).toEqual({ record: { '…': 'more than 10,000 keys' } });
  });

  test('no getter and no trap of a proxy is called', () => {
    let calls = 0;
    const count = (): never => {
      calls += 1;
      return boom();
    };
    const traps = new Proxy({}, { get: (_target, trap) => (trap === 'x' ? undefined : count) });
    const value = {
      get a() {
        return count();
      },
      proxy: new Proxy({}, traps),
      callable: new Proxy(() => undefined, traps),
      child: Object.create(new Proxy({}, traps)) as object,
    };
    expect(snapshot(value)).toMatchObject({ a: '[getter]', proxy: '[Proxy]', child: '[Proxy]' });
    describeValue(value);
    describeValue(value.proxy);
    describeValue(value.callable);
    expect(calls).toBe(0);
  });

  test('no code of a class of the user is called where nothing may be called', () => {
    const ran: string[] = [];
    const run = (name: string): never => {
      ran.push(name);
      return boom();
    };
    class OwnError extends Error {
      override get name(): string {
        return run('name');
      }
      override get message(): string {
        return run('message');
      }
    }
    class OwnDate extends Date {
      override toISOString(): string {
        return run('toISOString');
      }
      override valueOf(): number {
        return run('valueOf');
      }
      override toJSON(): string {
        return run('toJSON');
      }
    }
    class OwnUrl extends URL {
      override toString(): string {
        return run('toString');
      }
    }
    class OwnPattern extends RegExp {
      override get source(): string {
        return run('source');
      }
      override get flags(): string {
        return run('flags');
      }
    }
    class OwnBytes extends Uint8Array {
      override get byteLength(): number {
        return run('byteLength');
      }
    }
    // That of Node is an error of another realm than the tests.
    const { name, message } = Object.getOwnPropertyDescriptors(DOMException.prototype);
    const aborted = new DOMException('too late', 'TimeoutError');
    Object.setPrototypeOf(aborted, Object.create(Error.prototype, { name, message }) as object);
    const url = new OwnUrl('https://joe:SECRET@host/');
    Object.defineProperty(url, 'href', { get: () => run('href') });
    const value = {
      error: new OwnError(),
      aborted,
      date: new OwnDate(0),
      never: new Date(Number.NaN),
      url,
      pattern: new OwnPattern('a', 'g'),
      plain: /a/g,
      bytes: new OwnBytes(3),
      view: new DataView(new ArrayBuffer(4)),
    };
    expect(snapshot(value, undefined, shownLimits)).toStrictEqual({
      error: '[getter]: [getter]',
      aborted: 'TimeoutError: too late',
      date: '1970-01-01T00:00:00.000Z',
      never: null,
      url: 'https://host/',
      pattern: '/a/',
      plain: '/a/g',
      bytes: '[OwnBytes of 3 bytes]',
      view: '[DataView of 4 bytes]',
    });
    expect(ran).toStrictEqual([]);
  });

  test('of a list, a Map, a Set of any length a bounded number of entries is read', () => {
    let read = 0;
    const entry = {
      toJSON: () => {
        read += 1;
        return 'x';
      },
    };
    const many = Array.from({ length: 100_000 }, () => entry);
    const list: unknown[] = [];
    for (const value of [many, new Map(many.map((one, at) => [at, one])), new Set([many, many])]) {
      list.push(snapshot(value));
    }
    expect(read).toBeLessThan(200);
    expect(JSON.stringify(list).length).toBeLessThan(10_000);
  });

  test('nested values are read to a bounded depth, cycles once', () => {
    let deep: unknown = 'bottom';
    for (let level = 0; level < 100_000; level++) {
      deep = level % 2 === 0 ? { deep } : [deep];
    }
    const endless = { toJSON: (): unknown => ({ toJSON: endless.toJSON }) };
    const cycle: Record<string, unknown> = {};
    cycle['cycle'] = cycle;
    for (const value of [deep, endless, cycle]) {
      expect(JSON.stringify(snapshot(value)).length).toBeLessThan(200);
    }
  });

  test('an empty text, list or field is counted, too', () => {
    const wide = (value: unknown, depth = 3): unknown =>
      depth === 0 ? value : Array.from({ length: 50 }, () => wide(value, depth - 1));
    const huge = Object.fromEntries(Array.from({ length: 10_001 }, (_, at) => [`${at}`, 0]));
    snapshot(huge);
    for (const value of ['', {}, [], null, 0, 1e-300, 10n ** 99n, new Map(), huge, new Date(0)]) {
      const json = JSON.stringify(snapshot(wide(value), undefined, shownLimits));
      expect(json.length).toBeGreaterThan(7000);
      expect(json.length).toBeLessThan(8200);
    }
  });

  test('all texts and names together are bounded', () => {
    const long = 'x'.repeat(1_000_000);
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`${at}${long}`, long]));
    for (const value of [long, wide, [long, long], Symbol(long), new Error(long), () => long]) {
      expect(JSON.stringify(snapshot(value)).length).toBeLessThan(5000);
      expect(describeValue(value).length).toBeLessThan(200);
    }
  });
});
