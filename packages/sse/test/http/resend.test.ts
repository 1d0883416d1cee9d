import { METHODS } from 'node:http';

import { describe, expect, test } from '@jest/globals';

import { isRepeatedEffect, isSentAgain } from '../../src/http/resend.ts';

describe('a request is sent again by itself', () => {
  test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'put', 'REPORT', 'QUERY'])(
    'if its method is idempotent: %s',
    (method) => {
      expect(isSentAgain({ method })).toBe(true);
      expect(isSentAgain({ method, reconnect: false })).toBe(false);
      expect(isRepeatedEffect({ method, reconnect: true })).toBe(false);
    },
  );

  test.each(['POST', 'PATCH', 'Post', 'LOCK', 'SUBSCRIBE', 'M-SEARCH', 'FETCH', ''])(
    'only if its user says so, where the method is not idempotent or not known: %j',
    (method) => {
      expect(isSentAgain({ method })).toBe(false);
      expect(isSentAgain({ method, reconnect: true })).toBe(true);
      expect(isRepeatedEffect({ method })).toBe(false);
      expect(isRepeatedEffect({ method, reconnect: true })).toBe(true);
    },
  );

  test('as a GET, without a method', () => {
    expect(isSentAgain({})).toBe(true);
  });

  test('for every method of Node that the registry of IANA calls idempotent, and no other', () => {
    expect(METHODS.filter((method) => !isSentAgain({ method }))).toEqual([
      'CONNECT',
      'LOCK',
      'M-SEARCH',
      'NOTIFY',
      'PATCH',
      'POST',
      'PURGE',
      'SOURCE',
      'SUBSCRIBE',
      'UNLOCK',
      'UNSUBSCRIBE',
    ]);
  });
});
