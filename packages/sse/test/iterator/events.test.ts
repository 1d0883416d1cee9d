import { getEventListeners } from 'node:events';

import { describe, expect, jest, test } from '@jest/globals';
import { exit, kill, type Process, processes, spawn } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import {
  type EventIterator,
  events,
  eventStream,
  type ServerSentEvent,
  type SseClient,
} from '../../src/index.ts';
import { Queue } from '../support/queue.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

async function dataOf(stream: AsyncIterable<ServerSentEvent>): Promise<string[]> {
  const seen: string[] = [];
  for await (const { data } of stream) {
    seen.push(data);
  }
  return seen;
}

/** Queues the delay of each wait of the client, in ms. */
function delaysTo(queue: Queue<number>): (status: SseClient.StatusChange) => void {
  return (status) => {
    if (status.type === 'disconnected') {
      queue.push(status.after);
    }
  };
}

describe('events', () => {
  test('are read one by one, and end when the server answers 204', async () => {
    await using stage = await openStage();
    const waiting = new Queue<number>();
    const options = { parent: stage.system, onStatus: delaysTo(waiting) };
    const reading = dataOf(events(stage.url, options));
    const exchange = await stage.next();
    exchange.stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    exchange.response.end('id: 3\ndata: c\n\ndata: half');
    await advance(stage.system, await waiting.next());
    const second = stage.next();
    expect((await second).request.headers['last-event-id']).toBe('3');
    (await second).refuse(204);
    expect(await reading).toEqual(['a', 'b', 'c']);
  });

  test('no request is sent before the first `next`, or if `return` comes before it', async () => {
    await using stage = await openStage();
    const stream = events(stage.url);
    expect(await stream.return?.()).toEqual({ value: undefined, done: true });
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    await settleNetwork();
    expect(stage.asked).toBe(0);
  });

  test('a crash is reported by the parent, without the handleFailed that a reader cannot give', async () => {
    await using stage = await openStage();
    const cursorOf = (): never => {
      throw new Error('mine');
    };
    const reading = dataOf(events(stage.url, { parent: stage.system, cursorOf }));
    (await stage.next()).stream('id: 7\ndata: a\n\n');
    await expect(reading).rejects.toThrow('mine');
    const [report] = stage.system.reports;
    expect(report).toMatchObject({
      details: { lastMessage: { note: 'event "7" of type "message" failed' } },
    });
  });

  test('break closes the socket at once, and leaves nothing behind', async () => {
    await using stage = await openStage();
    const controller = new AbortController();
    const before = processes(stage.system).length;
    const reading = (async () => {
      const options = { parent: stage.system, signal: controller.signal };
      for await (const event of events(stage.url, options)) {
        return event.data;
      }
      return undefined;
    })();
    const exchange = await stage.next();
    exchange.stream('data: a\n\ndata: b\n\n');
    expect(await reading).toBe('a');
    await exchange.closed;
    expect(processes(stage.system)).toHaveLength(before);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('have the head of their response from the first event on', async () => {
    await using stage = await openStage();
    const told: string[] = [];
    const stream = events(stage.url, {
      method: 'POST',
      onStatus: ({ type }) => told.push(type),
    });
    const first = stream.next();
    expect(stream.response).toBeUndefined();
    const { response } = await stage.next();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': '7' });
    response.end('data: a\n\n');
    await first;
    expect(stream.response).toMatchObject({
      status: 200,
      headers: { 'x-request-id': '7' },
      url: stage.url,
    });
    expect(await stream.next()).toMatchObject({ done: true });
    expect(told).toEqual(['connecting', 'connected', 'ended']);
  });

  test('a POST that is sent again, and has no `until`, is a warning of the program', async () => {
    await using stage = await openStage();
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const stream = events(stage.url, { method: 'POST', reconnect: true });
    void stream.next();
    await stage.next();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('POST is sent again after each')]]);
    await stream.return?.();
  });

  test('an event is acknowledged by the next `next`', async () => {
    await using stage = await openStage();
    const waiting = new Queue<number>();
    const stream = events(stage.url, { parent: stage.system, onStatus: delaysTo(waiting) });
    const first = stream.next();
    const exchange = await stage.next();
    exchange.stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    expect((await first).value?.data).toBe('a');
    expect((await stream.next()).value?.data).toBe('b');
    exchange.request.socket.destroy();
    const third = stream.next();
    await advance(stage.system, await waiting.next());
    const second = stage.next();
    (await second).stream('data: c\n\n');
    expect((await second).request.headers['last-event-id']).toBe('2');
    expect((await third).value?.data).toBe('c');
    await stream.return?.();
  });

  test('several `next` may wait at once, and are served in order', async () => {
    await using stage = await openStage();
    await using stream = events(stage.url, { parent: stage.system });
    const asked = [stream.next(), stream.next(), stream.next()];
    (await stage.next()).stream('data: a\n\ndata: b\n\ndata: c\n\ndata: d\n\n');
    expect((await Promise.all(asked)).map(({ value }) => value?.data)).toEqual(['a', 'b', 'c']);
    expect((await stream.next()).value?.data).toBe('d');
  });

  test('gives up with an error whose cause is the failure, once', async () => {
    await using stage = await openStage();
    const stream = events(stage.url, { parent: stage.system });
    const first = stream.next();
    (await stage.next()).refuse(404);
    await expect(first).rejects.toMatchObject({
      name: 'GaveUpError',
      code: 'ERR_SSE_GAVE_UP',
      message: 'gave up: status 404',
      failure: { type: 'status', status: 404 },
      cause: { type: 'status', status: 404 },
    });
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('go on from a cursor, under their URL without its password', async () => {
    await using stage = await openStage();
    const url = stage.url.replace('http://', 'http://me:s3cret@');
    const cursor = new Map<string, string>();
    for (const lastEventId of [undefined, '1']) {
      const stream = events(url, { parent: stage.system, cursor: { store: cursor, every: 1 } });
      const first = stream.next();
      const exchange = await stage.next();
      expect(exchange.request.headers['last-event-id']).toBe(lastEventId);
      exchange.stream('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
      await first;
      await stream.next();
      await stream.return?.();
    }
    expect([...cursor.keys()]).toEqual([stage.url]);
  });

  test('of a POST with an end condition are one answer', async () => {
    await using stage = await openStage();
    const options = {
      method: 'POST',
      body: '{"stream":true}',
      until: ({ data }: { readonly data: string }) => data === '[DONE]',
    };
    const reading = dataOf(events(stage.url, options));
    const exchange = await stage.next();
    expect(exchange.body).toBe('{"stream":true}');
    exchange.stream('data: Hel\n\ndata: lo\n\ndata: [DONE]\n\n');
    expect(await reading).toEqual(['Hel', 'lo']);
    await exchange.closed;
  });

  describe('aborted', () => {
    test('before it begins: nothing is sent, and the reason is thrown', async () => {
      await using stage = await openStage();
      const reason = new Error('no longer');
      const stream = events(stage.url, { signal: AbortSignal.abort(reason) });
      await expect(stream.next()).rejects.toBe(reason);
      await settleNetwork();
      expect(stage.asked).toBe(0);
    });

    test('while an event is waited for: the reason is thrown, the socket closed', async () => {
      await using stage = await openStage();
      const controller = new AbortController();
      const stream = events(stage.url, { signal: controller.signal });
      const first = stream.next();
      const exchange = await stage.next();
      exchange.stream();
      controller.abort();
      await expect(first).rejects.toMatchObject({ name: 'AbortError' });
      await exchange.closed;
      expect(await stream.next()).toEqual({ value: undefined, done: true });
    });
  });

  test('an error of a function of the options is thrown to the reader', async () => {
    await using stage = await openStage();
    const error = new Error('my mistake');
    const stream = events(stage.url, {
      until: () => {
        throw error;
      },
    });
    const first = stream.next();
    (await stage.next()).stream('data: a\n\n');
    await expect(first).rejects.toBe(error);
  });

  describe.each([
    ['in the turn of the first `next`', async () => undefined],
    ['one microtask after it', () => Promise.resolve()],
    ['before the cursor is read', () => new Promise(setImmediate)],
  ])('stopped %s', (_when, wait) => {
    const cursor = { get: () => new Promise<never>(() => undefined), set: () => undefined };

    test('`return` settles, and leaves nothing behind', async () => {
      await using stage = await openStage();
      const before = processes(stage.system).length;
      const stream = events(stage.url, { parent: stage.system, cursor });
      const first = stream.next();
      await wait();
      expect(await stream.return?.()).toEqual({ value: undefined, done: true });
      expect(await first).toEqual({ value: undefined, done: true });
      expect(processes(stage.system)).toHaveLength(before);
    });

    test('by its signal: `return` settles after that, too', async () => {
      await using stage = await openStage();
      const controller = new AbortController();
      const stream = events(stage.url, { signal: controller.signal, cursor });
      const first = stream.next();
      await wait();
      controller.abort(new Error('no longer'));
      await expect(first).rejects.toThrow('no longer');
      expect(await stream.return?.()).toEqual({ value: undefined, done: true });
    });

    test('by the end of `await using`', async () => {
      await using stage = await openStage();
      let first: Promise<unknown> | undefined;
      {
        await using stream = events(stage.url, { cursor });
        first = stream.next();
        await wait();
      }
      expect(await first).toEqual({ value: undefined, done: true });
    });
  });

  describe('end with their parent, however it ends', () => {
    test.each([
      ['is killed', (self: Process) => exit(self.system, self.pid, kill), 'killed'],
      ['returns', () => undefined, 'normal'],
    ])('when it %s while an event is waited for', async (_how, end, reason) => {
      await using stage = await openStage();
      const before = processes(stage.system).length;
      const given = Promise.withResolvers<EventIterator<ServerSentEvent>>();
      const go = Promise.withResolvers<void>();
      spawn(stage.system, async (self) => {
        given.resolve(events(stage.url, { parent: self }));
        await go.promise;
        end(self);
      });
      const stream = await given.promise;
      const first = stream.next();
      const exchange = await stage.next();
      exchange.stream();
      go.resolve();
      await expect(first).rejects.toMatchObject({ name: 'ExitError', reason: { type: reason } });
      await exchange.closed;
      expect(await stream.return?.()).toEqual({ value: undefined, done: true });
      expect(processes(stage.system)).toHaveLength(before);
    });

    test('a parent that lives on keeps no listener of a stream that was left', async () => {
      await using stage = await openStage();
      const stream = events(stage.url, { parent: stage.system });
      void stream.next();
      await stream.return?.();
      expect(getEventListeners(stage.system.signal, 'abort')).toEqual([]);
    });
  });

  test('a start that fails is told to the reader with its reason', async () => {
    await using stage = await openStage();
    const error = new Error('no store today');
    const cursor = { get: () => Promise.reject(error), set: () => undefined };
    await expect(events(stage.url, { cursor }).next()).rejects.toBe(error);
  });

  test('end with the process that owns them', async () => {
    await using stage = await openStage();
    const stream = events(stage.url, { parent: stage.system });
    const first = stream.next();
    const exchange = await stage.next();
    exchange.stream();
    await stage.system.stop();
    await expect(first).rejects.toMatchObject({ name: 'ExitError' });
    await exchange.closed;
    await expect(events(stage.url, { parent: stage.system }).next()).rejects.toMatchObject({
      name: 'ExitError',
    });
  });

  test('a request that can never be sent is refused before the first `next`', () => {
    expect(() => events('nowhere')).toThrow(
      new TypeError('Expected an absolute http: or https: URL, got "nowhere"'),
    );
    expect(() => eventStream('https://a/', { maxElapsed: 0 })).toThrow(
      new RangeError('Expected maxElapsed to be above 0, got 0'),
    );
  });
});

describe('eventStream', () => {
  test('is a web stream of the same events, that reads nothing ahead', async () => {
    await using stage = await openStage();
    const stream = eventStream(stage.url, { method: 'POST' });
    await settleNetwork();
    expect(stage.asked).toBe(0);
    const upper = new TransformStream<ServerSentEvent, ServerSentEvent>({
      transform: (event, controller) => {
        controller.enqueue({ ...event, data: event.data.toUpperCase() });
      },
    });
    const reading = dataOf(stream.pipeThrough(upper));
    const exchange = await stage.next();
    exchange.stream('data: a\n\n');
    exchange.response.end('data: b\n\n');
    expect(await reading).toEqual(['A', 'B']);
  });

  test('to cancel it closes the socket', async () => {
    await using stage = await openStage();
    const reader = eventStream(stage.url).getReader();
    const first = reader.read();
    const exchange = await stage.next();
    exchange.stream('data: a\n\n');
    expect((await first).value?.data).toBe('a');
    await reader.cancel();
    await exchange.closed;
  });

  test('fails with the error of the events', async () => {
    await using stage = await openStage();
    const reader = eventStream(stage.url).getReader();
    const first = reader.read();
    (await stage.next()).refuse(404);
    await expect(first).rejects.toThrow('gave up: status 404');
  });
});
