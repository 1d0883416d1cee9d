import { once } from 'node:events';
import { connect } from 'node:net';

import { describe, expect, test } from '@jest/globals';
import { advance, createTestSystem } from '@reprise/actor/testing';

import { observer, type ObserverOptions } from '../../src/index.ts';
import type { Question } from '../../src/server/exchange.ts';
import { Gate } from '../../src/server/gate.ts';
import { hostNames } from '../../src/server/host-names.ts';
import { ask, askRaw } from '../support/asking.ts';
import { bearer, observed, token } from '../support/observed.ts';

const data = 'api/crashes';

describe('the gate of an observer', () => {
  test('SEC-03 another Host is refused for the page, its files and its data, with and without the token', async () => {
    await using service = await observed();
    const { port } = new URL(service.url);
    for (const path of ['', 'assets/index.js', data, 'api/live/1/window']) {
      for (const host of [`evil.example:${port}`, 'evil.example', '127.0.0.1:1', '127.0.0.1']) {
        const { status, body } = await ask(service.url + path, { headers: { host, ...bearer } });
        expect([path, host, status]).toEqual([path, host, 421]);
        expect(body).toBe('Expected the Host of this server\n');
      }
    }
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `LOCALHOST:${port}`]) {
      expect((await ask(service.url + data, { headers: { host, ...bearer } })).status).toBe(200);
    }
  });

  test('SEC-03 at port 80 the Host has no port', () => {
    const names = (port: number, address: string, family: string, host: string) =>
      hostNames({ port, address, family }, host);
    const loopback = names(80, '127.0.0.1', 'IPv4', '127.0.0.1');
    expect(loopback[0]).toBe('127.0.0.1:80');
    expect(loopback).toEqual(expect.arrayContaining(['127.0.0.1', 'localhost', 'localhost:80']));
    expect(names(80, '10.0.0.1', 'IPv4', '10.0.0.1')).toContain('10.0.0.1');
    expect(names(80, '::1', 'IPv6', '::1')).toContain('[::1]');
    expect(names(8080, '127.0.0.1', 'IPv4', 'localhost')).not.toContain('localhost');
  });

  test('SEC-03 a Host that the options name is allowed', async () => {
    await using service = await observed({ hosts: ['Ops.example'] });
    const headers = { host: 'ops.example', ...bearer };
    expect((await ask(service.url + data, { headers })).status).toBe(200);
  });

  test.each([
    ['a page on another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['the same, by EventSource', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another site without Fetch metadata', { origin: 'https://evil.example' }],
    ['a page without an origin', { origin: 'null' }],
    ['a page of another scheme', { origin: 'ftp://own' }],
    ['an origin with a path', { origin: 'http://own/path' }],
    ['an origin with a user', { origin: 'http://user@own' }],
  ])('SEC-04 SEC-05 %s is refused, even with the token', async (_, given) => {
    await using service = await observed();
    const { host } = new URL(service.url);
    const headers = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value.replace('own', host)]),
    );
    for (const [method, path] of [
      ['GET', ''],
      ['GET', data],
      ['POST', 'api/live/1/window'],
    ] as const) {
      const answer = await ask(service.url + path, { method, headers: { ...headers, ...bearer } });
      expect(answer.status).toBe(403);
      expect(answer.headers).not.toHaveProperty('set-cookie');
    }
  });

  test('SEC-04 the page itself is allowed, and so is a page of the origin that the options name', async () => {
    await using service = await observed({ origin: 'https://ops.example' });
    const own = service.url.slice(0, -1);
    for (const headers of [
      { 'sec-fetch-site': 'same-origin', origin: own },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://ops.example' },
    ]) {
      const { status } = await ask(service.url + data, { headers: { ...headers, ...bearer } });
      expect(status).toBe(200);
    }
  });

  test('SEC-06 all that is not the token gets the same answer, to the byte', async () => {
    await using service = await observed();
    const { host } = new URL(service.url);
    const asked = (path: string, ...lines: readonly string[]) =>
      askRaw(
        service.url,
        [`GET /${path} HTTP/1.1`, `Host: ${host}`, ...lines, 'Connection: close', '', ''].join(
          '\r\n',
        ),
      );
    const answers = await Promise.all([
      asked(data),
      asked(data, `Authorization: Bearer ${'x'.repeat(token.length)}`),
      asked(data, 'Authorization: Bearer x'),
      asked(data, `Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`),
      asked(data, `Authorization: Basic ${token}`),
      asked(`${data}?token=${token}`),
    ]);
    const texts = new Set(answers.map((answer) => answer.replace(/^Date: .*$/m, '')));
    expect(texts.size).toBe(1);
    expect(answers[0]).toMatch(/^HTTP\/1.1 401 .*^www-authenticate: Bearer\r$/ms);
  });

  test('SEC-07 eleven wrong tokens in a minute close the address until the minute is over', async () => {
    const system = createTestSystem();
    const gate = new Gate({ hosts: undefined, origin: undefined, who: { token } }, system.clock);
    const come = async (value: string, address: string) =>
      (await gate.refusal(question({ host: 'a', authorization: `Bearer ${value}` }, address), true))
        ?.status;
    for (let wrong = 0; wrong < 11; wrong++) {
      await come('wrong', 'a');
    }
    expect(await come(token, 'a')).toBe(429);
    expect(await come(token, 'b')).toBeUndefined();
    await advance(system, 59_999);
    expect(await come(token, 'a')).toBe(429);
    await advance(system, 1);
    expect(await come(token, 'a')).toBeUndefined();
    await system.stop();
  });

  test('SEC-07 a request without a token is not counted as a wrong one', async () => {
    await using service = await observed();
    for (let count = 0; count < 20; count++) {
      expect((await ask(service.url + data)).status).toBe(401);
    }
    expect((await ask(service.url + data, { headers: bearer })).status).toBe(200);
  });

  test.each([
    [{ host: '0.0.0.0' }, /Expected a token where host is not a loopback address/],
    [{ token: '' }, /Expected token to have at least 22 characters/],
    [{ host: '0.0.0.0', token: 'short' }, /got another text of 5/],
    [{ port: 65_536 }, /Expected port to be a whole number up to 65535, got 65536/],
    [{ origin: 'ops.example' }, /Expected origin to be like "https:\/\/ops.example.com"/],
    [{ host: '', token }, /Expected host to be an address such as "127.0.0.1", got ""/],
    [{ host: '127.0.0.999', token }, /Expected host to be an address .*, got "127.0.0.999"/],
    [{ host: 5 }, /Expected host to be a string such as "127.0.0.1", got 5/],
    [{ hosts: 'ops.example' }, /Expected hosts to be a list such as .*, got "ops.example"/],
    [{ hosts: [5] }, /Expected each of hosts to be a string such as "ops.example.com", got 5/],
    [{ id: 5 }, /Expected id to be a string such as "observer", got 5/],
    [{ id: '' }, /Expected id to be a string such as "observer", got ""/],
    [{ judge: [] }, /Expected the options of judge, .*, got an array/],
    [[], /Expected the options of observer, .*, got an array/],
    [{ state: 'hidden' }, /Expected state to be "show" or "hide", got "hidden"/],
    [{ actions: 'stop' }, /Expected actions to be a list, .*, got "stop"/],
    [{ tokn: token }, /Expected an option of observer, got `tokn`: did you mean `token`\?/],
  ])('SEC-09 observer(%j) is refused where it is written', (options, message) => {
    expect(() => observer(options as unknown as ObserverOptions)).toThrow(message);
  });

  test('SEC-20 no Host and two are bad requests, and no other header names a host', async () => {
    await using service = await observed();
    const { host } = new URL(service.url);
    const asked = (...lines: readonly string[]) =>
      askRaw(service.url, [...lines, 'Connection: close', '', ''].join('\r\n'));
    const own = `Host: ${host}`;
    const right = `Authorization: Bearer ${token}`;
    expect(await asked('GET / HTTP/1.1')).toMatch(/^HTTP\/1.1 400 /);
    expect(await asked('GET / HTTP/1.1', own, own)).toMatch(/^HTTP\/1.1 400 /);
    expect(await asked('GET / HTTP/1.1', 'Host: a.b', `X-Forwarded-Host: ${host}`)).toMatch(
      /^HTTP\/1.1 421 /,
    );
    expect(await asked('GET / HTTP/1.1', 'Host: a.b', `Forwarded: host=${host}`)).toMatch(
      /^HTTP\/1.1 421 /,
    );
    expect(await asked(`GET http://${host}/${data} HTTP/1.1`, 'Host: a.b', right)).toMatch(
      /^HTTP\/1.1 421 /,
    );
    expect(await asked(`GET http://a.b/${data} HTTP/1.1`, own, right)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('a server that closes the observer closes its connections', async () => {
    const service = await observed();
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const closed = once(socket.resume(), 'close');
    await service.system.stop();
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

function question(headers: Readonly<Record<string, string>>, address: string): Question {
  return {
    method: 'GET',
    path: `/${data}`,
    query: new URLSearchParams(),
    header: (name) => [headers[name]].filter((value) => value !== undefined),
    address,
    request: new Request('http://a/'),
    body: async () => undefined,
  };
}
