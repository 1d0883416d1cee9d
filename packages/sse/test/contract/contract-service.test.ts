import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import {
  anyError,
  drive,
  eventOf,
  runService,
  type Service,
  startService,
} from '../support/harness.ts';
import { closedPort, serve } from '../support/servers.ts';
import { settleNetwork } from '../support/stage.ts';

let service: Service;

beforeAll(async () => {
  service = await startService();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe('the service', () => {
  test('describes itself and the capabilities of its clients, in JSON', async () => {
    const response = await service.ask('GET', '/');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      name: 'reprise',
      capabilities: [
        'bom',
        'comments',
        'headers',
        'last-event-id',
        'post',
        'read-timeout',
        'report',
        'restart',
        'server-directed-shutdown-request',
      ],
    });
  });

  test('ends with status 0 on request, its clients with it', async () => {
    await using ending = await startService();
    await using driven = await drive(ending);
    const { stream, closed } = await driven.stream();
    stream();
    expect((await ending.ask('DELETE', '/')).status).toBe(204);
    await closed;
    expect(await ending.ended).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    ['no port', [], "Expected PORT to be a whole number from 0 to 65535, got ''"],
    ['a word', ['http'], "Expected PORT to be a whole number from 0 to 65535, got 'http'"],
    ['too high a port', ['65536'], 'Expected PORT to be a whole number from 0 to 65535'],
    ['two ports', ['1', '2'], "got '1 2'"],
    ['an unknown option', ['--port', '1'], '--port'],
  ])('refuses %s with status 2, and says how it is used', async (_what, args, message) => {
    const program = runService(...args);
    const [stderr, [status]] = await Promise.all([text(program.stderr), once(program, 'close')]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('Usage: contract-service PORT');
  });

  test('prints its usage with --help, with status 0', async () => {
    const program = runService('--help');
    const [stdout, [status]] = await Promise.all([text(program.stdout), once(program, 'close')]);
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: contract-service PORT');
  });

  test('ends with status 1 where the port is taken', async () => {
    await using occupant = await serve(() => undefined);
    const program = runService(String(occupant.port));
    const [stderr, [status]] = await Promise.all([text(program.stderr), once(program, 'close')]);
    expect(status).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
  });
});

describe('a request', () => {
  const good = { tag: 't', streamUrl: 'http://127.0.0.1:1', callbackUrl: 'http://127.0.0.1:1' };

  test.each([
    ['no JSON', '{', "Expected JSON, got '{'"],
    ['no object', [], 'Expected an object, got []'],
    ['no URL', { ...good, streamUrl: undefined }, 'streamUrl to be an http: URL, got undefined'],
    ['another scheme', { ...good, streamUrl: 'ftp://x/' }, "http: URL, got 'ftp://x/'"],
    ['no callbacks', { ...good, callbackUrl: 7 }, 'callbackUrl to be an http: URL, got 7'],
    ['a negative delay', { ...good, initialDelayMs: -1 }, 'milliseconds from 0 on, got -1'],
    ['a delay in words', { ...good, readTimeoutMs: '1' }, "milliseconds from 0 on, got '1'"],
    ['a list of headers', { ...good, headers: ['a'] }, "headers to be an object, got [ 'a' ]"],
    ['a header that is no text', { ...good, headers: { a: 1 } }, 'to be a string, got 1'],
    ['an illegal header', { ...good, headers: { 'a b': '1' } }, 'HTTP can carry, got "a b"'],
    ['a body with GET', { ...good, body: 'x' }, 'a method that takes a body, got GET'],
  ])('with %s is refused with 400, and why', async (_what, body, message) => {
    const response = await service.ask('POST', '/', body);
    expect(response.status).toBe(400);
    const why = await response.text();
    expect(why).toMatch(/^Expected /);
    expect(why).toContain(message);
  });

  test.each([
    ['GET', '/clients/1000000', 404],
    ['POST', '/clients/1000000', 404],
    ['DELETE', '/clients/1000000', 404],
    ['DELETE', '/clients', 404],
    ['GET', '/nowhere', 404],
    ['PUT', '/', 405],
  ])('%s %s is answered %i', async (method, path, status) => {
    expect((await service.ask(method, path)).status).toBe(status);
  });

  test('whose base URL ends with a slash finds its client as well', async () => {
    await using driven = await drive(service);
    expect((await service.ask('DELETE', `/${driven.path}`)).status).toBe(204);
  });

  test('with an unknown command is refused with 400; all types are listened to already', async () => {
    await using driven = await drive(service);
    expect(await driven.command({ command: 'dance' })).toBe(400);
    expect(await driven.command({})).toBe(400);
    expect(await driven.command({ command: 'listen' })).toBe(400);
    expect(await driven.command({ command: 'listen', listen: { type: 'tick' } })).toBe(204);
  });
});

describe('a client', () => {
  test('sends a plain request, and reports events with their type and the last id', async () => {
    await using driven = await drive(service, { initialDelayMs: null });
    const { request, stream } = await driven.stream();
    expect(request.method).toBe('GET');
    expect(request.headers).toMatchObject({
      accept: 'text/event-stream',
      'cache-control': 'no-cache',
    });
    expect(request.headers).not.toHaveProperty('last-event-id');
    stream('data: a\n\nevent: tick\nid: 1\ndata: b\ndata:c\n\ndata\n\nid: x\0y\ndata: €豆腐\n\n');
    expect(await driven.message()).toEqual(eventOf('a'));
    expect(await driven.message()).toEqual(eventOf('b\nc', { type: 'tick', id: '1' }));
    expect(await driven.message()).toEqual(eventOf('', { id: '1' }));
    expect(await driven.message()).toEqual(eventOf('€豆腐', { id: '1' }));
  });

  test('headers, last-event-id: are sent as they were given, on later requests too', async () => {
    const headers = { 'header-name-1': 'value-1', 'header-name-2': 'value-2' };
    await using driven = await drive(service, { headers, lastEventId: 'abc' });
    for (let turn = 0; turn < 2; turn += 1) {
      const { request, stream, response } = await driven.stream();
      expect(request.headers).toMatchObject({ ...headers, 'last-event-id': 'abc' });
      stream();
      response.end();
    }
  });

  test.each(['POST', 'REPORT'])('%s: sends method and body, and again', async (method) => {
    const body = '{"hello":"world"}';
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    await using driven = await drive(service, { method, body, headers });
    for (let turn = 0; turn < 2; turn += 1) {
      const { request, stream, response, body: sent } = await driven.stream();
      expect([request.method, sent]).toEqual([method, body]);
      expect(request.headers).toMatchObject(headers);
      stream('data: x\n\n');
      expect(await driven.message()).toEqual(eventOf('x'));
      response.destroy();
      expect(await driven.message()).toEqual(anyError);
    }
  });

  test('comments: are reported as their line ends, without the colon and one space', async () => {
    await using driven = await drive(service);
    const { stream, response } = await driven.stream();
    stream(':Hello\n');
    expect(await driven.message()).toEqual({ kind: 'comment', comment: 'Hello' });
    response.write(':\n: World\ndata: x\n\n');
    expect(await driven.message()).toEqual({ kind: 'comment', comment: '' });
    expect(await driven.message()).toEqual({ kind: 'comment', comment: 'World' });
    expect(await driven.message()).toEqual(eventOf('x'));
  });

  test('bom: one in front is removed, wherever it is cut, and later ones stay', async () => {
    await using driven = await drive(service);
    const { stream, response } = await driven.stream();
    stream();
    for (const byte of Buffer.from('\uFEFF:c\ndata: \uFEFFone\n\n')) {
      response.write(Buffer.from([byte]));
    }
    expect(await driven.message()).toEqual({ kind: 'comment', comment: 'c' });
    expect(await driven.message()).toEqual(eventOf('\uFEFFone'));
  });

  test('reports one thing after the other: the next waits for the answer to the last', async () => {
    await using driven = await drive(service);
    (await driven.stream()).stream('data: 1\n\ndata: 2\n\n:3\n');
    const first = await driven.callback();
    expect([first.path, first.message]).toEqual(['/events/1', eventOf('1')]);
    await settleNetwork();
    expect(driven.callbackCount).toBe(1);
    // Any answer counts.
    first.answer(500);
    const second = await driven.callback();
    expect([second.path, second.message]).toEqual(['/events/2', eventOf('2')]);
    await settleNetwork();
    expect(driven.callbackCount).toBe(2);
    second.answer();
    expect((await driven.callback()).path).toBe('/events/3');
  });

  test('many events in one packet arrive in order', async () => {
    await using driven = await drive(service);
    const data = Array.from({ length: 100 }, (_, index) => `message ${index}`);
    (await driven.stream()).stream(data.map((line) => `data: ${line}\n\n`).join(''));
    for (const line of data) {
      expect(await driven.message()).toEqual(eventOf(line));
    }
  });

  test('an event of 14 MB arrives whole', async () => {
    await using driven = await drive(service);
    const data = 'x'.repeat(14_000_000);
    (await driven.stream()).stream(`data: ${data}\n\n`);
    // Not `toEqual`, which would print the text.
    expect(JSON.stringify(await driven.message()) === JSON.stringify(eventOf(data))).toBe(true);
  });
});

describe('a failure', () => {
  test.each([500, 502, 503, 504])('%i is reported, and then tried again', async (status) => {
    await using driven = await drive(service);
    (await driven.stream()).refuse(status);
    const failure = await driven.callback();
    expect(failure.message).toEqual({ kind: 'error', error: `status ${status}` });
    await settleNetwork();
    expect(driven.stage.asked).toBe(1);
    failure.answer();
    (await driven.stream()).stream('data: x\n\n');
    const event = await driven.callback();
    expect([event.path, event.message]).toEqual(['/events/2', eventOf('x')]);
  });

  test('of a port without a listener is reported, each time', async () => {
    const streamUrl = `http://127.0.0.1:${await closedPort()}`;
    await using driven = await drive(service, { streamUrl });
    expect(await driven.message()).toEqual(anyError);
    expect(await driven.message()).toEqual(anyError);
  });

  test('of a server that never answers is reported within 5 s', async () => {
    await using driven = await drive(service);
    await driven.stream();
    expect(await driven.message()).toEqual({
      kind: 'error',
      error: 'response timeout after 4000 ms',
    });
  });

  test.each([301, 307])('%i is followed, and reported if it has no Location', async (status) => {
    await using driven = await drive(service);
    (await driven.stream()).refuse(status, { location: '/elsewhere' });
    const { request, stream, response } = await driven.stream();
    expect(request.url).toBe('/elsewhere');
    stream('data: x\n\n');
    expect(await driven.message()).toEqual(eventOf('x'));
    response.end();
    (await driven.stream()).refuse(status, { location: '' });
    expect(await driven.message()).toEqual(anyError);
  });

  test.each([400, 404])('%i is reported, and not tried again until a restart', async (status) => {
    await using driven = await drive(service);
    (await driven.stream()).refuse(status);
    expect(await driven.message()).toEqual(anyError);
    await settleNetwork();
    expect(driven.stage.asked).toBe(1);
    expect(await driven.command({ command: 'restart' })).toBe(204);
    await driven.stream();
  });

  test('server-directed-shutdown-request: 204 is the end', async () => {
    await using driven = await drive(service);
    (await driven.stream()).refuse(204);
    expect(await driven.message()).toEqual({ kind: 'error', error: 'status 204' });
    await settleNetwork();
    expect(driven.stage.asked).toBe(1);
    expect((await service.ask('DELETE', driven.path)).status).toBe(204);
  });

  test('read-timeout: silence is an error, and leads to a new connection', async () => {
    await using driven = await drive(service, { readTimeoutMs: 100 });
    (await driven.stream()).stream('data: x\n\n');
    expect(await driven.message()).toEqual(eventOf('x'));
    expect(await driven.message()).toEqual({ kind: 'error', error: 'idle timeout after 100 ms' });
    await driven.stream();
  });
});

describe('a connection', () => {
  test('that breaks is an error; the next goes on from the last id, without the half-sent event', async () => {
    await using driven = await drive(service);
    const first = await driven.stream();
    first.stream('id: abc\ndata: Hello\n\ndata: World\n\nid: def\ndata: Good');
    expect(await driven.message()).toEqual(eventOf('Hello', { id: 'abc' }));
    expect(await driven.message()).toEqual(eventOf('World', { id: 'abc' }));
    first.response.destroy();
    expect(await driven.message()).toEqual(anyError);
    const second = await driven.stream();
    expect(second.request.headers['last-event-id']).toBe('abc');
    second.stream('data: again\n\n');
    expect(await driven.message()).toEqual(eventOf('again', { id: 'abc' }));
  });

  test('that ends in good order is no error; after an empty id nothing is sent', async () => {
    await using driven = await drive(service);
    const { stream, response } = await driven.stream();
    stream('id: abc\ndata: Hello\n\nid:\ndata: World\n\n');
    expect(await driven.message()).toEqual(eventOf('Hello', { id: 'abc' }));
    expect(await driven.message()).toEqual(eventOf('World'));
    response.end();
    const second = await driven.stream();
    expect(second.request.headers).not.toHaveProperty('last-event-id');
    second.stream('data: x\n\n');
    expect(await driven.message()).toEqual(eventOf('x'));
  });

  test('restart: is dropped without an error, and taken up at once from the last id', async () => {
    // With so long a delay only an immediate connection is in time.
    await using driven = await drive(service, { initialDelayMs: 3_600_000 });
    const first = await driven.stream();
    first.stream('id: abc\ndata: Hello\n\n');
    expect(await driven.message()).toEqual(eventOf('Hello', { id: 'abc' }));
    expect(await driven.command({ command: 'restart' })).toBe(204);
    await first.closed;
    const second = await driven.stream();
    expect(second.request.headers['last-event-id']).toBe('abc');
    second.stream('data: Thanks\n\n');
    expect(await driven.message()).toEqual(eventOf('Thanks', { id: 'abc' }));
  });

  test('restart: ends a wait as well', async () => {
    await using driven = await drive(service, { initialDelayMs: 3_600_000 });
    (await driven.stream()).refuse(503);
    expect(await driven.message()).toEqual(anyError);
    expect(await driven.command({ command: 'restart' })).toBe(204);
    await driven.stream();
  });
});

describe('the end of a client', () => {
  test('is asked for once, and closes its stream, though a callback waits for its answer', async () => {
    await using driven = await drive(service);
    const { stream, closed } = await driven.stream();
    stream('data: x\n\n');
    await driven.callback();
    expect((await service.ask('DELETE', driven.path)).status).toBe(204);
    await closed;
    expect(await driven.command({ command: 'restart' })).toBe(404);
    expect((await service.ask('DELETE', driven.path)).status).toBe(404);
    expect(driven.callbackCount).toBe(1);
  });

  test('comes without an error when its harness is gone; it can still be deleted', async () => {
    await using driven = await drive(service);
    const { stream, closed } = await driven.stream();
    await driven.leave();
    stream('data: x\n\n');
    await closed;
    expect(await driven.command({ command: 'restart' })).toBe(404);
    expect((await service.ask('DELETE', driven.path)).status).toBe(204);
    expect((await service.ask('GET', '/')).status).toBe(200);
  });
});
