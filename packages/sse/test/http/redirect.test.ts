import { describe, expect, test } from '@jest/globals';

import { gotOptions } from '../../src/http/got-options.ts';
import { firstHop, type Hop, isRedirect, nextHop } from '../../src/http/redirect.ts';
import type { SseRequest } from '../../src/http/request.ts';

const secret = { authorization: 'Bearer t', cookie: 'c=1', 'x-api-key': 'k' };
const post: SseRequest = {
  url: 'http://a.test/events?q=1',
  method: 'post',
  body: '{}',
  headers: { ...secret, 'content-type': 'application/json' },
  lastEventId: '7',
};

function follow(request: SseRequest, status: number, ...locations: readonly string[]) {
  let hop = firstHop(request);
  for (const location of locations) {
    const next = nextHop(hop, { status, location }, request);
    if ('type' in next) {
      return next;
    }
    hop = next;
  }
  return hop;
}

function hopOf(request: SseRequest, status: number, ...locations: readonly string[]): Hop {
  const hop = follow(request, status, ...locations);
  if ('type' in hop) {
    throw new Error(`Expected a hop, got ${hop.reason}`);
  }
  return hop;
}

test('ST-05 301, 302, 303, 307 and 308 with a Location are redirects', () => {
  const statuses = [200, 300, 301, 302, 303, 304, 305, 306, 307, 308, 400];
  expect(statuses.filter((status) => isRedirect(status, '/x'))).toEqual([301, 302, 303, 307, 308]);
});

test('ST-07 a response without a Location, or with an empty one, is no redirect', () => {
  expect([isRedirect(301, undefined), isRedirect(307, '')]).toEqual([false, false]);
});

describe('method and body', () => {
  test.each([307, 308])('ST-11 %i repeats both', (status) => {
    const hop = hopOf(post, status, '/next');
    expect(hop).toMatchObject({ method: 'POST', body: '{}' });
    expect(hop.headers).toMatchObject({ 'content-type': 'application/json' });
  });

  test.each([301, 302, 303])('ST-11 %i makes POST a GET without body', (status) => {
    const hop = hopOf(post, status, '/next');
    expect(hop).toMatchObject({ method: 'GET', body: undefined });
    expect(hop.headers).not.toHaveProperty('content-type');
  });

  test('ST-11 303 makes any method GET, 301 keeps those other than POST', () => {
    const report = { ...post, method: 'REPORT' };
    expect(hopOf(report, 303, '/next').method).toBe('GET');
    expect(hopOf(report, 301, '/next')).toMatchObject({ method: 'REPORT', body: '{}' });
  });
});

describe('secrets', () => {
  const allowed = {
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    'last-event-id': '7',
  };
  const get: SseRequest = { url: 'http://a.test/events', headers: secret, lastEventId: '7' };

  test('ST-09 the same origin gets everything', () => {
    expect(hopOf(get, 302, '/next').headers).toEqual({ ...allowed, ...secret });
    expect(hopOf(get, 302, '/next').isAtHome).toBe(true);
  });

  test.each(['http://b.test/', 'http://a.test:81/', 'https://a.test/', '//b.test/'])(
    'ST-09 %s, another origin, gets all headers but the secrets',
    (location) => {
      expect(hopOf(get, 302, location)).toMatchObject({ isAtHome: false, headers: allowed });
      expect(Object.keys(hopOf(get, 302, location).headers).toSorted()).toEqual(
        Object.keys(allowed).toSorted(),
      );
    },
  );

  test('ST-09 another origin gets the headers that are listed, in any case', () => {
    const listed = { ...get, redirectHeaders: ['X-Api-Key'] };
    expect(hopOf(listed, 302, 'http://b.test/').headers).toEqual({ ...allowed, 'x-api-key': 'k' });
  });

  test('ST-09 another origin gets the body with its type, where the method is kept', () => {
    const hop = hopOf(post, 307, 'http://b.test/');
    expect(hop.body).toBe('{}');
    expect(hop.headers).toEqual({ ...allowed, 'content-type': 'application/json' });
  });

  test('ST-09 dropped headers do not come back on a redirect to the first origin', () => {
    const hop = hopOf(get, 302, 'http://b.test/', 'http://a.test/again');
    expect(hop.headers).toEqual(allowed);
    expect(hop.isAtHome).toBe(false);
  });

  test('ST-09 after another origin, no secret is sent to any later URL', () => {
    expect(hopOf(get, 302, 'http://b.test/', '/again').isAtHome).toBe(false);
  });

  test('ST-09 the credentials of a URL stay with its origin', () => {
    const known = { url: 'http://me:pw@a.test/events' };
    expect(hopOf(known, 302, 'http://a.test/next').url.href).toBe('http://me:pw@a.test/next');
    expect(hopOf(known, 302, 'http://b.test/next').url.href).toBe('http://b.test/next');
    expect(hopOf(known, 302, 'http://you:pw@b.test/').url.href).toBe('http://b.test/');
  });
});

describe('redirects that are not followed', () => {
  test('ST-08 back to a URL of the chain', () => {
    expect(follow(post, 307, '/b', '/events?q=1')).toEqual({
      type: 'redirect',
      reason: 'loop',
      status: 307,
      location: '/events?q=1',
      url: 'http://a.test/b',
    });
  });

  test('the same URL by another method is another place', () => {
    expect(hopOf(post, 303, '/events?q=1').method).toBe('GET');
  });

  test('with cookies the same URL can answer otherwise', () => {
    const cookieJar = { getCookieString: async () => '', setCookie: async () => undefined };
    expect(hopOf({ ...post, got: { cookieJar } }, 307, '/events?q=1').url.pathname).toBe('/events');
  });

  test('ST-08 further than 10 redirects', () => {
    const path = Array.from({ length: 11 }, (_, index) => `/${index}`);
    expect(hopOf(post, 307, ...path.slice(0, 10)).url.pathname).toBe('/9');
    expect(follow(post, 307, ...path)).toMatchObject({ reason: 'tooMany', location: '/10' });
  });

  test.each([
    'ftp://a.test/',
    'file:///etc/passwd',
    'http://',
    'http://[',
    'unix:/tmp/x:/',
    'http://unix:/tmp/x:/',
  ])('ST-10 %s', (location) => {
    expect(follow(post, 302, location)).toMatchObject({ reason: 'unsupported', location });
  });

  test('from https: to http:', () => {
    const request = { url: 'https://me:pw@a.test/' };
    expect(follow(request, 302, 'http://a.test/')).toEqual({
      type: 'redirect',
      reason: 'insecure',
      status: 302,
      location: 'http://a.test/',
      url: 'https://a.test/',
    });
  });
});

test('a Location in raw UTF-8 is understood', () => {
  const location = Buffer.from('/caf\u00E9', 'utf8').toString('latin1');
  expect(hopOf(post, 307, location).url.pathname).toBe('/caf%C3%A9');
});

test('options of got that contradict the policy are ignored, which only JavaScript can give', () => {
  const request = {
    url: 'http://127.0.0.1/',
    got: { followRedirect: true, throwHttpErrors: true, retry: { limit: 9 } } as object,
  };
  expect(gotOptions(firstHop(request), request)).toMatchObject({
    followRedirect: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
  });
});
