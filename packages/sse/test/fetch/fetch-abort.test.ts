/** The rules of `fetch/api/abort` in web-platform-tests. Each title begins with the file there. */
import { expect, test } from '@jest/globals';
import { guarded } from '@reprise/sse/fetch';

import { allClosed, connectionOpened } from '../support/servers.ts';
import { serveWpt } from '../support/wpt-server.ts';

const fetch = guarded();
const methods = ['arrayBuffer', 'blob', 'formData', 'json', 'text'] as const;
const abortError = { name: 'AbortError', constructor: DOMException };
/** Some come from Node, whose `TypeError` is not that of jest. */
const typeError = { name: 'TypeError' };

function aborted(reason?: unknown): AbortSignal {
  return AbortSignal.abort(reason);
}

test('general.any.js: an aborted signal rejects with an AbortError, and no request is made', async () => {
  await using server = await serveWpt();
  await expect(fetch(server.at('/data.json'), { signal: aborted() })).rejects.toMatchObject(
    abortError,
  );
  await (await fetch(server.at('/data.json'))).json();
  expect(server.requests).toHaveLength(1);
});

test('general.any.js: an error of the arguments comes before that of the signal', async () => {
  await expect(fetch('http://', { signal: aborted() })).rejects.toMatchObject(typeError);
  await expect(fetch('http://a/', { method: 'a b', signal: aborted() })).rejects.toMatchObject(
    typeError,
  );
});

test('general.any.js: the signal of a Request counts, and of a Request made of it', async () => {
  const request = new Request('http://a/', { signal: aborted() });
  await expect(fetch(request)).rejects.toMatchObject(abortError);
  await expect(fetch(new Request(request))).rejects.toMatchObject(abortError);
  await expect(fetch(request, { method: 'POST' })).rejects.toMatchObject(abortError);
});

test('general.any.js: a signal of null takes that of the Request away', async () => {
  await using server = await serveWpt();
  const request = new Request(server.at('/data.json'), { signal: aborted() });
  expect(await (await fetch(request, { signal: null })).json()).toEqual({ key: 'value' });
});

test('general.any.js: an aborted signal rejects before the next microtask', async () => {
  const log: string[] = [];
  await Promise.all([
    fetch('http://a/', { signal: aborted() }).catch(() => log.push('fetch')),
    Promise.resolve().then(() => log.push('microtask')),
  ]);
  expect(log).toEqual(['fetch', 'microtask']);
});

test('general.any.js: the body of a Request is used even if its signal is aborted', async () => {
  const request = new Request('http://a/', { method: 'POST', body: 'foo', signal: aborted() });
  await fetch(request).catch(() => undefined);
  expect(request.bodyUsed).toBe(true);
});

test.each(methods)('general.any.js: response.%s() rejects after an abort', async (method) => {
  await using server = await serveWpt();
  const controller = new AbortController();
  const response = await fetch(server.at('/data.json'), { signal: controller.signal });
  controller.abort();
  await expect(response[method]()).rejects.toMatchObject(abortError);
});

test.each(methods)(
  'general.any.js: an abort after the call of response.%s() closes the connection',
  async (method) => {
    await using server = await serveWpt();
    const controller = new AbortController();
    const path = server.at('/infinite-slow-response');
    const response = await fetch(path, { signal: controller.signal });
    const body = response[method]();
    controller.abort();
    await expect(body).rejects.toMatchObject(abortError);
    await allClosed(server);
  },
);

test('general.any.js: an abort before the head closes the connection', async () => {
  await using server = await serveWpt();
  const controller = new AbortController();
  const stream = new ReadableStream();
  const pending = fetch(server.at('/echo-content'), {
    method: 'POST',
    body: stream,
    duplex: 'half',
    signal: controller.signal,
  });
  await connectionOpened(server);
  controller.abort();
  await expect(pending).rejects.toMatchObject(abortError);
  await allClosed(server);
});

test.each([false, true])(
  'general.any.js: a stream has the error of the abort: after a read %s',
  async (hasRead) => {
    await using server = await serveWpt();
    const controller = new AbortController();
    const path = server.at('/infinite-slow-response');
    const response = await fetch(path, { signal: controller.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    if (hasRead) {
      await reader.read();
    }
    controller.abort();
    await expect(reader.read()).rejects.toMatchObject(abortError);
    await expect(reader.closed).rejects.toMatchObject(abortError);
    await allClosed(server);
  },
);

test('general.any.js: an empty body is closed, and an abort is no error of it', async () => {
  await using server = await serveWpt();
  const controller = new AbortController();
  const response = await fetch(server.at('/empty.txt'), { signal: controller.signal });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  controller.abort();
  expect(await reader.read()).toEqual({ done: true, value: undefined });
});

test('general.any.js: an aborted signal cancels the stream of the request at once, with its reason', async () => {
  let reason: unknown;
  const body = new ReadableStream({
    pull: (controller) => {
      controller.enqueue(Uint8Array.of(42));
    },
    cancel: (given) => {
      reason = given;
    },
  });
  const pending = fetch('http://a/', { method: 'POST', body, duplex: 'half', signal: aborted() });
  const cancelled = reason;
  await expect(pending).rejects.toBe(cancelled);
  expect(cancelled).toMatchObject(abortError);
});

test('request.any.js: a body that was read to its end outlives an abort', async () => {
  await using server = await serveWpt();
  const controller = new AbortController();
  const response = await fetch(server.at('/data.json'), { signal: controller.signal });
  expect(await response.json()).toEqual({ key: 'value' });
  controller.abort();
});

test('an abort with a reason of its own rejects with that reason', async () => {
  const reason = new Error('enough');
  await expect(fetch('http://a/', { signal: aborted(reason) })).rejects.toBe(reason);
});
