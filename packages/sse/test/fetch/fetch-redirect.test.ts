/** The rules of `fetch/api/redirect` in web-platform-tests. Titles begin with the file there. */
import { describe, expect, test } from '@jest/globals';
import { guarded } from '@reprise/sse/fetch';

import { serve } from '../support/servers.ts';
import { serveWpt } from '../support/wpt-server.ts';

const fetch = guarded({ redirectDelay: () => 0 });
const networkError = { name: 'TypeError', message: 'fetch failed' };

describe('methods', () => {
  const none: RequestInit = {};
  const text: RequestInit = { body: 'this is my body' };
  const blob: RequestInit = { body: new Blob(["it's me", ' the blob']) };
  test.each([
    [301, 'GET', 'GET', none],
    [301, 'POST', 'GET', text],
    [301, 'HEAD', 'HEAD', none],
    [302, 'GET', 'GET', none],
    [302, 'POST', 'GET', text],
    [302, 'HEAD', 'HEAD', none],
    [303, 'GET', 'GET', none],
    [303, 'POST', 'GET', text],
    [303, 'HEAD', 'HEAD', none],
    [303, 'PUT', 'GET', none],
    [307, 'GET', 'GET', none],
    [307, 'POST', 'POST', text],
    [307, 'POST', 'POST', blob],
    [307, 'HEAD', 'HEAD', none],
    [308, 'POST', 'POST', text],
  ])('redirect-method.any.js: %i turns %s into %s: %o', async (status, method, expected, init) => {
    await using server = await serveWpt();
    const headers = {
      'content-encoding': 'identity',
      'content-language': 'en-US',
      'content-location': 'foo',
    };
    const path = `/redirect?redirect_status=${status}&location=/method`;
    const response = await fetch(server.at(path), { method, headers, ...init });
    expect(response.redirected).toBe(true);
    expect(response.headers.get('x-request-method')).toBe(expected);
    const names = ['encoding', 'language', 'location'];
    const isKept = method === expected;
    expect(names.map((name) => response.headers.get(`x-request-content-${name}`))).toEqual(
      isKept ? ['identity', 'en-US', 'foo'] : ['NO', 'NO', 'NO'],
    );
    expect(await response.text()).toBe(isKept ? await new Response(init.body ?? '').text() : '');
  });

  test('redirect-method.any.js: a form is sent again, with its boundary', async () => {
    await using server = await serveWpt();
    const body = new FormData();
    body.append('a', 'b');
    const path = '/redirect?redirect_status=307&location=/echo-content';
    const response = await fetch(server.at(path), { method: 'POST', body });
    expect(await response.text()).toContain('name="a"\r\n\r\nb\r\n');
  });

  test('redirect-upload.h2.any.js: a stream is not sent again: only 303 is followed', async () => {
    await using server = await serveWpt();
    const send = (status: number): Promise<Response> =>
      fetch(server.at(`/redirect?redirect_status=${status}&location=/method`), {
        method: 'POST',
        body: ReadableStream.from([Buffer.from('Test')]) as ReadableStream<Uint8Array>,
        duplex: 'half',
      });
    expect((await send(303)).headers.get('x-request-method')).toBe('GET');
    await expect(send(307)).rejects.toMatchObject({
      ...networkError,
      cause: { failure: { type: 'redirect', reason: 'streamedBody', status: 307 } },
    });
  });
});

describe('modes', () => {
  test('redirect-mode.any.js: `error` makes each redirect a network error', async () => {
    await using server = await serveWpt();
    await expect(
      fetch(server.at('/redirect?location=/data.json'), { redirect: 'error' }),
    ).rejects.toMatchObject({
      ...networkError,
      cause: { failure: { type: 'redirect', reason: 'forbidden' } },
    });
    expect(server.requests).toHaveLength(1);
  });

  test('redirect-mode.any.js: `manual` gives the redirect itself, as Node does', async () => {
    await using server = await serveWpt();
    const path = server.at('/redirect?redirect_status=307&location=/data.json');
    const { status, headers, url } = await fetch(path, { redirect: 'manual' });
    expect([status, headers.get('location'), url]).toEqual([307, '/data.json', path]);
    expect(server.requests).toHaveLength(1);
  });
});

describe('locations', () => {
  test('redirect-location.any.js: without a Location, a redirect is an answer', async () => {
    await using server = await serveWpt();
    expect((await fetch(server.at('/redirect?redirect_status=301'))).status).toBe(301);
  });

  test.each(['', 'http://', 'data:text/plain,x', 'mailto:a@b', 'javascript:x', 'unix:/a'])(
    'redirect-empty-location.any.js, redirect-to-dataurl.any.js, redirect-schemes.any.js: %j is a network error',
    async (location) => {
      await using server = await serve((_, response) => {
        response.writeHead(302, { location }).end();
      });
      await expect(fetch(server.url)).rejects.toMatchObject(networkError);
    },
  );

  test('redirect-location-escape.tentative.any.js: raw UTF-8 is percent-encoded', async () => {
    await using server = await serve((request, response) => {
      const isFirst = request.url === '/events';
      const location = Buffer.from('/☃').toString('latin1');
      response.writeHead(isFirst ? 302 : 200, isFirst ? { location } : {}).end();
    });
    expect((await fetch(server.url)).url).toBe(new URL('/%E2%98%83', server.url).href);
  });

  test('redirect-count.any.js: redirects are followed up to a limit, here of 10', async () => {
    await using server = await serveWpt();
    const get = (count: number): Promise<Response> =>
      fetch(server.at(`/redirect-count?max_count=${count}`));
    expect(await (await get(10)).json()).toEqual({ key: 'value' });
    await expect(get(11)).rejects.toMatchObject({
      ...networkError,
      cause: { failure: { type: 'redirect', reason: 'tooMany' } },
    });
  });
});

describe('secrets', () => {
  test('authorization headers are removed on the way to another origin, and so are all others', async () => {
    await using other = await serveWpt();
    await using server = await serve((_, response) => {
      response.writeHead(307, { location: other.at('/inspect-headers') }).end();
    });
    const secrets = { authorization: 'Bearer s3cret', cookie: 's3cret', 'x-api-key': 's3cret' };
    const response = await fetch(server.url, { headers: { ...secrets, accept: 'a/b' } });
    const { headers } = (await response.json()) as { readonly headers: Record<string, string> };
    expect(JSON.stringify(headers)).not.toContain('s3cret');
    expect(headers['accept']).toBe('a/b');
    expect(server.requests[0]?.headers).toMatchObject(secrets);
  });

  test('redirectHeaders names headers that another origin gets', async () => {
    await using other = await serveWpt();
    await using server = await serve((_, response) => {
      response.writeHead(307, { location: other.at('/data.json') }).end();
    });
    const fetch = guarded({ redirectHeaders: ['x-trace'] });
    await fetch(server.url, { headers: { 'x-trace': '1' } });
    expect(other.requests[0]?.headers['x-trace']).toBe('1');
  });
});
