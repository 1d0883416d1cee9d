import { Readable } from 'node:stream';

import { describe, expect, test } from '@jest/globals';
import { whereis } from '@reprise/actor';

import { SseClient } from '../../src/index.ts';
import { run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';

describe('the options', () => {
  const good: SseClient.ResilientOptions = {
    id: 'client',
    url: 'https://example.com/',
    handle: () => undefined,
  };

  test('make a child spec: transient by default', () => {
    expect(SseClient.resilient(good)).toMatchObject({
      id: 'client',
      restart: 'transient',
      shutdown: 5000,
      type: 'worker',
    });
    expect(SseClient.resilient({ ...good, restart: 'temporary', shutdown: 1 })).toMatchObject({
      restart: 'temporary',
      shutdown: 1,
    });
  });

  test('name its process', async () => {
    await using stage = await openStage();
    const { pid } = await run(stage, { name: 'prices' });
    expect(whereis(stage.system, 'prices')).toBe(pid);
  });

  const text = 'body';
  const url = 'Expected an absolute http: or https: URL, got ';
  test.each<[string, object, Error]>([
    [
      'no handle',
      { handle: undefined },
      new TypeError('Expected handle to be a function (event) => …, got undefined'),
    ],
    ['no url', { url: undefined }, new TypeError(`${url}undefined`)],
    ['REQ-07 a url that is none', { url: 'nowhere' }, new TypeError(`${url}"nowhere"`)],
    ['REQ-07 a url of another scheme', { url: 'ftp://a/' }, new TypeError(`${url}"ftp://a/"`)],
    [
      'REQ-07 a bad header',
      { headers: { 'a b': 'x' } },
      new TypeError('Expected a header that HTTP can carry, got "a b"'),
    ],
    [
      'a body with GET',
      { body: text },
      new TypeError('Expected a method that takes a body, got GET'),
    ],
    ['minDelay', { minDelay: 0 }, new RangeError('Expected minDelay to be above 0, got 0')],
    ['maxDelay', { maxDelay: -1 }, new RangeError('Expected maxDelay to be above 0, got -1')],
    [
      'healthyAfter',
      { healthyAfter: NaN },
      new RangeError('Expected healthyAfter to be above 0, got NaN'),
    ],
    [
      'a factor that makes delays shrink',
      { factor: 0.5 },
      new RangeError('Expected factor to be a number from 1 on, got 0.5'),
    ],
    [
      'contentType',
      { contentType: 'text/plain' as never },
      new TypeError('Expected contentType to be a function (type) => …, got "text/plain"'),
    ],
    [
      'maxAttempts',
      { maxAttempts: 0 },
      new RangeError('Expected maxAttempts to be above 0, got 0'),
    ],
  ])('that are wrong are refused at once: %s', (_what, wrong, error) => {
    const build = (): unknown => SseClient.resilient({ ...good, ...wrong });
    expect(build).toThrow(error);
    expect(build).toThrow(error.constructor as ErrorConstructor);
  });

  test('REQ-06 a body that can be sent but once is refused', () => {
    const body = Readable.from(['x']) as never;
    expect(() => SseClient.resilient({ ...good, method: 'POST', body })).toThrow(
      /^Expected a body that can be sent again, a string or a Uint8Array, got /,
    );
  });

  test.each([
    'idleTimeout',
    'connectTimeout',
    'responseTimeout',
    'maxEventSize',
    'maxBodySize',
    'bodyTimeout',
  ])('that are out of range are a RangeError: %s', (name) => {
    const build = (): unknown => SseClient.resilient({ ...good, [name]: 0 });
    expect(build).toThrow(RangeError);
    expect(build).toThrow(new RegExp(`^Expected .*${name}.* above 0, got 0$`));
  });
});
