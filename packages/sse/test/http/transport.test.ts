import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, test } from '@jest/globals';
import { Supervisor } from '@reprise/actor';
import {
  advance,
  createTestSystem,
  provideSystemDefaults,
  settle,
  type TestSystem,
  virtualClock,
} from '@reprise/actor/testing';

import { EventSource } from '../../src/eventsource.ts';
import { guarded } from '../../src/fetch.ts';
import { providedTransport } from '../../src/http/transport.ts';
import { type ConnectFailure, events, SseClient } from '../../src/index.ts';
import type { ResilientOptions } from '../../src/resilient/options.ts';
import {
  type ExchangeHandlers,
  type OutgoingRequest,
  provideTransport,
  type Transport,
} from '../../src/testing.ts';

const eventStream = { 'content-type': 'text/event-stream' };

/** A request that a transport was given, with its answer in the test's control. */
interface Sent {
  readonly request: OutgoingRequest;
  readonly calls: string[];
  answer(status: number, headers?: Readonly<Record<string, string>>): void;
  packet(text: string): void;
  end(): void;
  fail(code: string): void;
}

/** A transport that keeps its requests. */
function recording(): { readonly transport: Transport; readonly next: () => Promise<Sent> } {
  const sent: Sent[] = [];
  let wake = (): void => undefined;
  const transport: Transport = (request, _options, handlers) => {
    const calls: string[] = [];
    sent.push(sentWith(request, handlers, calls));
    wake();
    const note = (call: string) => (): void => void calls.push(call);
    return { accepted: note('accepted'), markDead: note('markDead'), destroy: note('destroy') };
  };
  const next = async (): Promise<Sent> => {
    while (sent[0] === undefined) {
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return sent.shift() as Sent;
  };
  return { transport, next };
}

function sentWith(request: OutgoingRequest, handlers: ExchangeHandlers, calls: string[]): Sent {
  let packet: (bytes: Uint8Array) => void = () => undefined;
  let ended = (): void => undefined;
  return {
    request,
    calls,
    answer: (statusCode, headers = eventStream) => {
      handlers.answered({
        statusCode,
        statusText: '',
        headers,
        rawHeaders: Object.entries(headers).flat(),
        url: request.url.href,
        readBody: (...given) => ([packet, ended] = given),
        pause: () => void calls.push('pause'),
        resume: () => void calls.push('resume'),
        destroy: () => void calls.push('destroy response'),
      });
    },
    packet: (text) => {
      packet(Buffer.from(text));
    },
    end: () => {
      ended();
    },
    fail: (code) => {
      handlers.failed(Object.assign(new Error(code), { code }));
    },
  };
}

describe('provideTransport', () => {
  let takeBack = (): void => undefined;
  const systems: TestSystem[] = [];
  afterEach(async () => {
    await Promise.all(systems.splice(0).map((system) => system.stop()));
    takeBack();
  });

  async function started(options: Omit<ResilientOptions, 'id'>): Promise<TestSystem> {
    const system = createTestSystem();
    systems.push(system);
    const client = SseClient.resilient({ id: 'feed', ...options });
    await Supervisor.startLink(system, { strategy: 'oneForOne', children: [client] });
    return system;
  }

  function provided(): () => Promise<Sent> {
    const { transport, next } = recording();
    takeBack = provideTransport(() => transport);
    return next;
  }

  test('redirects, the last id and the delays of a client are those of the network', async () => {
    const next = provided();
    const handled: string[] = [];
    const system = await started({
      url: 'http://feed/old',
      handle: ({ data }) => void handled.push(data),
    });
    const first = await next();
    expect(first.request.url.href).toBe('http://feed/old');
    first.answer(307, { location: '/new' });
    const second = await next();
    expect(first.calls).toContain('destroy');
    expect(second.request.url.href).toBe('http://feed/new');
    second.answer(200);
    expect(second.calls).toContain('accepted');
    second.packet('id: 7\nda');
    second.packet('ta: one\n\ndata: half');
    await settle(system);
    second.fail('ECONNRESET');
    await settle(system);
    expect(handled).toEqual(['one']);
    await advance(system, 60_000);
    const third = await next();
    expect(third.request.headers).toMatchObject({ 'last-event-id': '7' });
  });

  test('an idle timeout marks the connection as dead and destroys it', async () => {
    const next = provided();
    const system = await started({
      url: 'http://feed/',
      idleTimeout: 1000,
      handle: () => undefined,
    });
    const sent = await next();
    sent.answer(200);
    await advance(system, 1000);
    expect(sent.calls.slice(0, 4)).toEqual(['accepted', 'destroy response', 'markDead', 'destroy']);
  });

  test('the response is paused once 64 KiB wait for a handler, and resumed after it', async () => {
    const next = provided();
    const { promise, resolve } = Promise.withResolvers<void>();
    const system = await started({ url: 'http://feed/', handle: () => promise });
    const sent = await next();
    sent.answer(200);
    sent.packet('data: one\n\n');
    await settle(system);
    sent.packet(`:${'x'.repeat(60_000)}\n`);
    expect(sent.calls).not.toContain('pause');
    sent.packet(`:${'x'.repeat(10_000)}\n`);
    expect(sent.calls).toContain('pause');
    resolve();
    await settle(system);
    expect(sent.calls.at(-1)).toBe('resume');
  });

  test('an error before the head is a failure with its code', async () => {
    const next = provided();
    const failures: ConnectFailure[] = [];
    const system = await started({
      url: 'http://feed/',
      handle: () => undefined,
      onStatus: (change) => {
        if (change.type === 'disconnected') {
          failures.push(change.failure as ConnectFailure);
        }
      },
    });
    (await next()).fail('ECONNREFUSED');
    await settle(system);
    expect(failures).toMatchObject([{ type: 'network', code: 'ECONNREFUSED' }]);
  });

  test('events, EventSource and guarded take it too', async () => {
    const next = provided();
    const iterator = events('http://events/');
    const event = iterator.next();
    const ofEvents = await next();
    expect(ofEvents.request.url.host).toBe('events');
    ofEvents.answer(200);
    ofEvents.packet('data: one\n\n');
    expect(await event).toMatchObject({ value: { data: 'one' } });
    await iterator.return?.();
    expect(ofEvents.calls).toContain('destroy');

    const source = new EventSource('http://source/');
    const message = new Promise<unknown>((resolve) => (source.onmessage = resolve));
    const ofSource = await next();
    expect(ofSource.request.url.host).toBe('source');
    ofSource.answer(200);
    ofSource.packet('data: two\n\n');
    expect(await message).toMatchObject({ data: 'two' });
    source.close();

    const fetched = guarded()('http://fetch/', { method: 'POST', body: 'three' });
    const ofFetch = await next();
    expect(ofFetch.request).toMatchObject({ method: 'POST', body: Buffer.from('three') });
    ofFetch.answer(200, { 'content-type': 'text/plain' });
    const response = await fetched;
    const text = response.text();
    ofFetch.packet('four');
    ofFetch.end();
    expect(await text).toBe('four');
  });

  test('a request for which it gives none goes to the network, and so does each after it is taken back', async () => {
    await using server = await listening();
    const { transport, next } = recording();
    let isOn = false;
    takeBack = provideTransport(() => (isOn ? transport : undefined));
    const fetch = guarded();
    expect(await (await fetch(server.url)).text()).toBe('network');
    isOn = true;
    const fetched = fetch('http://there/');
    (await next()).answer(204, {});
    expect((await fetched).status).toBe(204);
    takeBack();
    expect(await (await fetch(server.url)).text()).toBe('network');
  });

  test('the newest that is left is asked, each until it is taken back', async () => {
    const [one, two] = [recording(), recording()];
    const takeOne = provideTransport(() => one.transport);
    takeBack = provideTransport(() => two.transport);
    const fetch = guarded();
    const status = async (fetched: Promise<Response>): Promise<number> => (await fetched).status;
    const first = status(fetch('http://there/'));
    (await two.next()).answer(204, {});
    takeBack();
    takeBack();
    const second = status(fetch('http://there/'));
    (await one.next()).answer(205, {});
    expect([await first, await second]).toEqual([204, 205]);
    takeOne();
    expect(providedTransport()).toBeUndefined();
  });

  test('a value that is no function is refused', () => {
    expect(() => provideTransport(undefined as never)).toThrow(
      'Expected transport to be a function, got undefined',
    );
  });
});

describe('systems that get a clock by default', () => {
  test('have an EventSource each, and a guarded that was made before takes their clock', async () => {
    const { transport, next } = recording();
    const takeBack = provideTransport(() => transport);
    const fetch = guarded({ responseTimeout: 300_000 });
    const clocks = [virtualClock(), virtualClock()];
    for (const clock of clocks) {
      const takeDefaults = provideSystemDefaults(() => ({ clock }));
      const source = new EventSource('http://source/');
      const opened = new Promise<unknown>((resolve) => (source.onopen = resolve));
      const failed = new Promise<unknown>((resolve) => (source.onerror = resolve));
      (await next()).answer(200);
      await opened;
      await clock.advance(300_000);
      expect(await failed).toMatchObject({ message: 'idle timeout after 300000 ms' });
      source.close();

      const fetched = fetch('http://fetch/');
      await next();
      const error = fetched.catch((thrown: unknown) => thrown);
      await clock.advance(300_000);
      expect(await error).toMatchObject({ message: 'response timeout after 300000 ms' });
      takeDefaults();
    }
    takeBack();
  });
});

async function listening(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => response.end('network'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
