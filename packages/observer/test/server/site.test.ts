import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSystem } from '@reprise/actor';
import { advance, createTestSystem } from '@reprise/actor/testing';

import { type GateFunction, type HandlerOptions, observerHandler } from '../../src/index.ts';
import { securityHeaders } from '../../src/server/security-headers.ts';
import { ask, askRaw } from '../support/asking.ts';
import { bearer, type Observed, observed, token } from '../support/observed.ts';
import { serve } from '../support/serve.ts';
import { openStream } from '../support/stream-reader.ts';

let service: Observed;

beforeAll(async () => {
  service = await observed();
});

afterAll(async () => {
  await service.system.stop();
});

describe('every answer', () => {
  test.each([
    ['data', 'api/crashes', bearer],
    ['a refusal', 'api/crashes', {}],
    ['another host', 'api/crashes', { host: 'a' }],
    ['a name that is unknown', 'nothing', {}],
    ['a path that is no path of the observer', '%2e%2e/', {}],
    ['the page', '', {}],
  ])('SEC-11 %s has the headers that keep strangers and scripts out', async (_, path, headers) => {
    const answer = await ask(service.url + path, { headers });
    expect(answer.headers).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; " +
        "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; " +
        "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
    });
    const names = Object.keys(answer.headers);
    expect(
      names.filter((name) => /^(?:server|x-powered-by|access-control-.*|set-cookie)$/.test(name)),
    ).toEqual([]);
  });

  test.each([
    ['no request', 'NONSENSE\r\n\r\n', 400],
    ['one without a host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['one with a long head', `GET /${'x'.repeat(16_400)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['one that expects more', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: more\r\n\r\n', 417],
  ])('SEC-11 the answer to %s has the headers of all others', async (_, bytes, status) => {
    const [head = ''] = (await askRaw(service.url, bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    for (const [name, value] of Object.entries(securityHeaders)) {
      expect(head.toLowerCase()).toContain(`\r\n${name}: ${value.toLowerCase()}`);
    }
    expect(head).not.toMatch(/\r\n(?:server|x-powered-by|access-control-)/i);
  });

  test('SEC-11 data is not kept by anybody on the way', async () => {
    const { headers } = await ask(`${service.url}api/crashes`, { headers: bearer });
    expect(headers['cache-control']).toBe('no-store');
  });

  test.each([
    '../package.json',
    '..',
    '%2e%2e/package.json',
    '/evil.example/',
    'assets/../index.html',
    'assets/%00.js',
    'assets/.js',
    'api/process/__proto__',
    'api/constructor',
    'api/at/',
    `api/${'x'.repeat(2000)}`,
    '\\',
  ])('SEC-21 %s is no file and no data', async (path) => {
    const { host } = new URL(service.url);
    const text = await askRaw(
      service.url,
      `GET /${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 (?:400|404) /);
  });

  test('SEC-21 a long name that is unknown holds the thread for no time', async () => {
    const path = `${'a'.repeat(900)}!`;
    expect((await ask(service.url + path)).status).toBe(404);
  });

  test('SEC-19 SEC-21 a head of more than 16 KB is refused', async () => {
    const text = await askRaw(
      service.url,
      `GET /${'x'.repeat(16_400)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 431 /);
  });
});

test.each(['at', 'changes'])('a time for %s has to be a number', async (path) => {
  for (const time of ['', '%20', 'NaN', 'Infinity', 'x']) {
    const { status } = await ask(`${service.url}api/${path}?time=${time}`, { headers: bearer });
    expect(status).toBe(400);
  }
  expect((await ask(`${service.url}api/${path}?time=-1e308`, { headers: bearer })).status).toBe(
    200,
  );
});

test('the overview is what judge says of a look, with the look', async () => {
  const { body } = await ask(`${service.url}api/overview`, { headers: bearer });
  expect(JSON.parse(body)).toMatchObject({
    isWell: true,
    text: 'All is well.',
    findings: [],
    look: { processes: 4, streams: [] },
  });
});

describe('a body that is sent', () => {
  const path = 'api/live/1/window';
  const type = { 'content-type': 'application/json' };
  const post = (headers: Readonly<Record<string, string>>, body: string) =>
    ask(service.url + path, { method: 'POST', headers: { ...bearer, ...headers }, body });

  test('SEC-18 has to be JSON, and to say so', async () => {
    expect((await post({ 'content-type': 'text/plain' }, '{}')).status).toBe(415);
    expect((await post({}, '{}')).status).toBe(415);
    expect((await post({ 'content-type': 'application/json-seq' }, '{}')).status).toBe(415);
    expect((await post({ 'content-type': 'application/json ; charset=utf-8' }, '{}')).status).toBe(
      400,
    );
    expect((await post(type, '{')).status).toBe(400);
  });

  test('SEC-18 has at most 64 KB, with and without a length', async () => {
    const body = JSON.stringify('x'.repeat(65_536 - 1));
    const declared = await post(type, body);
    const chunked = await post({ ...type, 'transfer-encoding': 'chunked' }, body);
    for (const { status, headers } of [declared, chunked]) {
      expect(status).toBe(413);
      expect(headers.connection).toBe('close');
    }
    // It is read, and is no window.
    expect((await post(type, JSON.stringify('x'.repeat(65_000)))).status).toBe(400);
  });

  test('SEC-18 of 10 MB is not read to its end: the connection is closed', async () => {
    const { hostname, port, host } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      `POST /${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Uint8Array];
    expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
    await once(socket.resume(), 'close');
    expect(socket.bytesWritten).toBeLessThan(1000);
  });

  test('SEC-18 that breaks off is no fault of the observer: its readers stay', async () => {
    await using own = await observed();
    const reader = await openStream(own.url);
    const { hostname, port, host } = new URL(own.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await ask(`${own.url}api/crashes`, { headers: bearer });
    socket.destroy();
    for (let count = 0; count < 3; count++) {
      const seen = reader.events.length;
      expect((await ask(`${own.url}api/crashes`, { headers: bearer })).body).toBe('[]');
      await reader.next('vitals', seen);
    }
    expect(own.logged).toEqual([]);
    reader.close();
  });

  test('other methods are refused with those that are allowed', async () => {
    const page = await ask(service.url, { method: 'PUT' });
    expect([page.status, page.headers.allow]).toEqual([405, 'GET, HEAD']);
    const data = await ask(`${service.url}api/crashes`, { method: 'DELETE', headers: bearer });
    expect([data.status, data.headers.allow]).toEqual([405, 'GET, HEAD, POST']);
    const head = await ask(`${service.url}api/crashes`, { method: 'HEAD', headers: bearer });
    expect([head.status, head.body]).toEqual([200, '']);
    for (let count = 0; count < 25; count++) {
      const stream = await ask(`${service.url}api/live`, { method: 'HEAD', headers: bearer });
      expect([stream.status, stream.body]).toEqual([200, '']);
    }
  });
});

describe('an observer in a server of the program', () => {
  test('SEC-10 needs a gate', async () => {
    const system = createSystem();
    expect(() => observerHandler(system, {} as HandlerOptions)).toThrow(
      'Expected gate of observerHandler, a function or { token }, which says who may read, got undefined',
    );
    expect(() => observerHandler(system, { gate: { token: 'x' } })).toThrow(TypeError);
    expect(() => observerHandler(system, { gate: { token, tokn: '' } as never })).toThrow(
      'Expected an option of gate, got `tokn`: did you mean `token`?',
    );
    expect(() => observerHandler({} as never, { gate: () => true })).toThrow(
      'Expected system to be a process, got {}',
    );
    for (const odd of ['ops', '//', '/a b', '/a?b', 5, null]) {
      expect(() => observerHandler(system, { gate: () => true, path: odd as string })).toThrow(
        'Expected path to be like "/ops/reprise", got',
      );
    }
    await system.stop();
  });

  test('SEC-10 a gate that says no, fails, or does not answer lets nobody in', async () => {
    const system = createTestSystem();
    const statusFor = async (gate: GateFunction) => {
      const { fetch } = observerHandler(system, { gate });
      return (await fetch(new Request('http://a/api/crashes'))).status;
    };
    expect(await statusFor(() => true)).toBe(200);
    expect(await statusFor(() => false)).toBe(403);
    for (const odd of ['yes', {}, 1, undefined]) {
      expect(await statusFor(() => odd as never)).toBe(403);
    }
    expect(await statusFor(() => Promise.reject(new Error('no database')))).toBe(403);
    const asked = statusFor(() => new Promise<never>(() => {}));
    await advance(system, 5000);
    expect(await asked).toBe(503);
    await system.stop();
  });

  test('a gate sees the request as its server has it', async () => {
    const system = createSystem();
    const { fetch } = observerHandler(system, {
      gate: (request) => request instanceof Request && request.headers.get('x-user') === 'admin',
    });
    const asked = new Request('http://a/api/crashes', { headers: { 'x-user': 'admin' } });
    expect((await fetch(asked)).status).toBe(200);
    await system.stop();
  });

  test.each([
    ['/ops/reprise', 308],
    ['/ops/reprise/', 308],
    ['', 404],
    ['/', 404],
  ])('OBS-P32 mounted at "%s", it answers below that alone', async (path, withoutSlash) => {
    const system = createSystem();
    const page = observerHandler(system, { gate: { token }, path });
    const server = createServer(page).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const mount = origin + path.replace(/\/$/, '');
    const asked = await ask(`${mount}/api/crashes`, { headers: bearer });
    expect([asked.status, asked.body]).toEqual([200, '[]']);
    const fetched = await page.fetch(new Request(`${mount}/api/crashes`, { headers: bearer }));
    expect([fetched.status, await fetched.text()]).toEqual([200, '[]']);
    const other = await ask(`${origin}/ops/reprisex/api/crashes`, { headers: bearer });
    expect(other.status).toBe(404);
    const { status, headers } = await ask(`${origin}/ops/reprise`);
    expect(status).toBe(withoutSlash);
    expect(
      new URL(headers.location ?? '', `${origin}/ops/reprise`).pathname.replace(/\/?$/, '/'),
    ).toBe('/ops/reprise/');
    server.close();
    await system.stop();
  });

  test('OBS-P32 below a path that the server has taken away, as Express does', async () => {
    const system = createSystem();
    const page = observerHandler(system, { gate: { token } });
    const server = createServer((request, response) => {
      const { url = '' } = request;
      const mounted = { originalUrl: url, baseUrl: '/ops/reprise' };
      page(
        Object.assign(request, mounted, { url: url.slice('/ops/reprise'.length) || '/' }),
        response,
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops/reprise`;
    expect((await ask(`${url}/api/crashes`, { headers: bearer })).status).toBe(200);
    expect((await ask(url)).headers.location).toBe('./reprise/');
    server.close();
    await system.stop();
  });

  test.each([
    ['Connect, which tells of it by its absence', {}, undefined],
    ['Express, to a handler that knows its path, too', { baseUrl: '/ops/reprise' }, '/ops/reprise'],
    ['Express, to a handler with a path below', { baseUrl: '/ops' }, '/reprise'],
    ['Express at its root, to a handler with the whole path', { baseUrl: '' }, '/ops/reprise'],
  ])('OBS-P32 below a path of %s', async (_, mounted, path) => {
    const system = createTestSystem();
    const page = observerHandler(system, {
      gate: { token },
      ...(path === undefined ? {} : { path }),
    });
    const taken = 'baseUrl' in mounted ? mounted.baseUrl : '/ops/reprise';
    await using server = await serve((request, response) => {
      const { url: originalUrl = '' } = request;
      const rest = originalUrl.slice(taken.length).replace(/^(?!\/)/, '/');
      page(Object.assign(request, mounted, { originalUrl, url: rest }), response);
    });
    const url = `${server.url}/ops/reprise`;
    expect((await ask(`${url}/api/crashes?a=/`, { headers: bearer })).status).toBe(200);
    expect((await ask(`${url}/api/find?q=a?b`, { headers: bearer })).body).toBe('[]');
    expect((await ask(url)).headers.location).toBe('./reprise/');
    expect((await ask(`${url}?a=b`)).headers.location).toBe('./reprise/');
    expect((await ask(`${url}/nothing`)).status).toBe(404);
    await system.stop();
  });

  test('OBS-P32 behind a parser of bodies, such as that of Express, it takes what a page shows', async () => {
    const system = createTestSystem();
    const page = observerHandler(system, { gate: () => true });
    const parse: readonly ((text: string) => unknown)[] = [JSON.parse, String, Buffer.from];
    for (const parsed of parse) {
      await using server = await serve((request, response) => {
        void text(request).then((read) => {
          page(Object.assign(request, read === '' ? {} : { body: parsed(read) }), response);
        });
      });
      const headers = { 'content-type': 'application/json' };
      const post = (body: string) =>
        ask(`${server.url}/api/live/none/window`, { method: 'POST', headers, body });
      expect((await post('{"rows":[1],"streams":[]}')).status).toBe(404);
      expect((await post('{"rows":[1]}')).status).toBe(400);
      expect((await post(JSON.stringify({ rows: 'x'.repeat(65_535) }))).status).toBe(413);
    }
    await system.stop();
  });

  test('leaves an answer alone that the server has given while the gate decided', async () => {
    const system = createTestSystem();
    const gate = Promise.withResolvers<boolean>();
    const page = observerHandler(system, { gate: () => gate.promise });
    await using server = await serve((request, response) => {
      page(request, response);
      response.writeHead(504);
      response.flushHeaders();
      gate.resolve(true);
      setImmediate(() => response.end('late'));
    });
    const answer = await ask(`${server.url}/api/crashes`);
    expect([answer.status, answer.body]).toEqual([504, 'late']);
    await system.stop();
  });

  test('OBS-P32 as fetch, a fragment of the URL is no part of its path', async () => {
    const system = createTestSystem();
    const { fetch } = observerHandler(system, { gate: () => true, path: '/ops' });
    expect((await fetch(new Request('http://a/ops/api/crashes#x'))).status).toBe(200);
    expect((await fetch(new Request('http://a/ops#x'))).status).toBe(308);
    await system.stop();
  });

  test('OBS-P32 as fetch, it takes what a page shows', async () => {
    const system = createSystem();
    const { fetch } = observerHandler(system, { gate: () => true });
    const reader = (await fetch(new Request('http://a/api/live'))).body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    const [, id] = /"reader":"(\w+)"/.exec(new TextDecoder().decode(value)) ?? [];
    const window = new Request(`http://a/api/live/${id}/window`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"rows":[1],"streams":[]}',
    });
    expect((await fetch(window)).status).toBe(204);
    await reader?.cancel();
    await system.stop();
  });
});
