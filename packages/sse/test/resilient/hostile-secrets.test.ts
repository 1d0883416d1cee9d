import type { ServerResponse } from 'node:http';

import { expect, test } from '@jest/globals';

import { formatFailure } from '../../src/http/format-failure.ts';
import { cert, serve, serveSecurely, type TestServer } from '../support/servers.ts';
import { watch } from '../support/watched-connection.ts';

const secrets = { authorization: 'Bearer s3cret', cookie: 's3cret', 'x-api-key': 's3cret' };

/** The path and the secrets of each request. */
function shown({ requests }: TestServer): readonly unknown[] {
  return requests.map(({ url, headers }) => [
    url,
    Object.keys(headers).filter((name) => String(headers[name]).includes('s3cret')),
  ]);
}

/** Redirects the client, or ends it. */
function answer(response: ServerResponse, location?: string): void {
  if (location !== undefined) {
    response.setHeader('location', location);
  }
  response.writeHead(location === undefined ? 204 : 307).end();
}

test('over a redirect to another origin and back, only the first request has the secrets', async () => {
  await using away = await serve((_, response) => {
    answer(response, `${home.url}/back`);
  });
  await using home = await serve(({ url }, response) => {
    const location = url === '/events' ? away.url : undefined;
    answer(response, location);
  });
  using client = watch({ url: home.url, headers: secrets, lastEventId: '7' });
  expect(await client.end()).toMatchObject({ failure: { type: 'noContent' } });
  expect(shown(home)).toEqual([
    ['/events', ['authorization', 'cookie', 'x-api-key']],
    ['/events/back', []],
  ]);
  expect(shown(away)).toEqual([['/events', []]]);
  expect(away.requests[0]?.headers['last-event-id']).toBe('7');
});

test('the credentials of a URL go to its origin, and with no redirect, not even back', async () => {
  await using away = await serve((_, response) => {
    answer(response, `${home.url}/back`);
  });
  await using home = await serve(({ url }, response) => {
    const location = url === '/events' ? away.url.replace('//', '//you:other@') : undefined;
    answer(response, location);
  });
  using client = watch({ url: home.url.replace('//', '//me:s3cret@') });
  expect(await client.end()).toMatchObject({ failure: { url: `${home.url}/back` } });
  const authorizations = [...home.requests, ...away.requests].map(
    ({ headers }) => headers.authorization,
  );
  expect(authorizations).toEqual([
    `Basic ${Buffer.from('me:s3cret').toString('base64')}`,
    undefined,
    undefined,
  ]);
});

test.each([
  ['an error', 500, {}],
  ['an answer that is no stream', 200, {}],
  ['no content', 204, {}],
  ['a redirect without an end', 302, { location: '?' }],
  ['a redirect to nowhere', 302, { location: 'ftp://x/' }],
])('the credentials of a URL are not in the outcome of %s', async (_case, status, headers) => {
  await using server = await serve((_, response) => response.writeHead(status, headers).end());
  using client = watch({ url: server.url.replace('//', '//me:s3cret@') });
  const call = await client.end();
  expect(call).toMatchObject({ failure: { url: expect.stringContaining('/events') } });
  expect(JSON.stringify(call)).not.toContain('s3cret');
});

test('nor in the error for a URL that cannot be requested', async () => {
  for (const url of [
    'ftp://me:s3cret@x/',
    'http://me:s3cret/@x',
    new URL('ws://me:s3cret@x/a@b'),
  ]) {
    using client = watch({ url });
    const call = await client.end();
    expect(call).toMatchObject({ failure: { type: 'badRequest' } });
    expect(JSON.stringify(call)).not.toContain('s3cret');
  }
});

test('another scheme at the same host is another origin: from http: to https: no secret is sent', async () => {
  await using secure = await serveSecurely((_, response) => response.writeHead(204).end());
  await using plain = await serve((_, response) => {
    response.writeHead(308, { location: secure.url }).end();
  });
  using client = watch({ url: plain.url, headers: secrets, tls: { ca: cert } });
  expect(await client.end()).toMatchObject({ failure: { type: 'noContent', url: secure.url } });
  expect(shown(secure)).toEqual([['/events', []]]);
});

test('a reason that a server sends neither begins a line nor controls a terminal', async () => {
  await using server = await serve((_, response) => {
    // Node reads the bytes as latin1: CSI and NEL of C1, which HTTP allows.
    response.writeHead(302, { location: 'ftp://x/\u009B2J\u0085gone' }).end();
  });
  using client = watch({ url: server.url });
  const call = await client.end();
  expect(call.type === 'failed' && formatFailure(call.failure)).toBe(
    String.raw`redirect 302 to ftp://x/\u009b2J\u0085gone (unsupported)`,
  );
  expect(formatFailure({ type: 'request', error: 'a\nb\u2028\u001B[2J' })).toBe(
    String.raw`no request: a\u000ab\u2028\u001b[2J`,
  );
});

test('a reason has no part of a secret that is cut', () => {
  for (let length = 430; length < 500; length++) {
    const message = `${'x'.repeat(length)} https://joe:s3cret-s3cret@host/`;
    expect(formatFailure({ type: 'badRequest', message })).not.toContain('s3c');
  }
});
