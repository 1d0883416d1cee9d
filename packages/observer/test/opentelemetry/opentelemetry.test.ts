import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Context,
  context as contextApi,
  type ContextManager,
  metrics as metricsApi,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { advance, createTestSystem } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';

import { metrics, timed } from '../../src/metrics.ts';
import { instrument, traced } from '../../src/opentelemetry.ts';
import { drive } from '../support/driven.ts';
import { Facts } from '../support/facts.ts';
import { Origin } from '../support/origin.ts';
import { start } from '../support/tree.ts';

class ManualReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** As the package context-async-hooks of OpenTelemetry has it. */
class StorageManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }
  with<Args extends unknown[], Run extends (...args: Args) => ReturnType<Run>>(
    context: Context,
    run: Run,
    self?: ThisParameterType<Run>,
    ...args: Args
  ): ReturnType<Run> {
    return this.#storage.run(context, () => run.call(self, ...args));
  }
  bind<T>(_context: Context, target: T): T {
    return target;
  }
  enable(): this {
    return this;
  }
  disable(): this {
    this.#storage.disable();
    return this;
  }
}

const reader = new ManualReader();
const exporter = new InMemorySpanExporter();

beforeEach(() => {
  contextApi.setGlobalContextManager(new StorageManager());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
});

afterEach(() => {
  exporter.reset();
  trace.disable();
  contextApi.disable();
  metricsApi.disable();
});

const spansOf = (name: string): readonly ReadableSpan[] =>
  exporter.getFinishedSpans().filter((span) => span.name.startsWith(name));

/** A stream whose events `handle` gets, below `app`. */
async function open(
  handle: SseClient.ResilientOptions['handle'] = () => undefined,
  options: { readonly idleTimeout?: number } = {},
) {
  const origin = await Origin.open();
  const system = createTestSystem();
  const facts = new Facts(system);
  const stop = instrument(system);
  const prices = SseClient.resilient({ id: 'prices', url: origin.url, handle, ...options });
  const begin = (): Promise<unknown> => start(system, [prices]);
  return {
    origin,
    system,
    facts,
    stop,
    begin,
    async [Symbol.asyncDispose]() {
      await system.stop();
      await origin.close();
    },
  };
}

/** A provider whose meters, tracers and instruments count all calls of them. */
function counting(calls: string[]): object {
  return new Proxy(() => undefined, {
    get: (_, name) => (name === 'then' ? undefined : counting(calls)),
    apply: (_target, self: unknown) => {
      calls.push(typeof self);
      return counting(calls);
    },
  });
}

describe('instrument', () => {
  test('OTEL-01 calls nothing of the API for an event', async () => {
    const calls: string[] = [];
    trace.disable();
    trace.setGlobalTracerProvider(counting(calls) as TracerProvider);
    metricsApi.setGlobalMeterProvider(counting(calls) as MeterProvider);
    const handled = Promise.withResolvers<void>();
    await using all = await open(({ data }) => {
      if (data === 'last') {
        handled.resolve();
      }
    });
    await all.begin();
    const response = await all.origin.stream('data: first\n\n');
    await all.facts.until('connected');
    const before = calls.length;
    expect(before).toBeGreaterThan(10);
    response.write(`${'data: x\n\n'.repeat(500)}data: last\n\n`);
    await handled.promise;
    expect(calls.length).toBe(before);
  });

  test('OBS-C06 OTEL-01 is the only entry that loads the API; none loads got, xstate or MCP', async () => {
    const program = join(import.meta.dirname, '../programs/modules.ts');
    const packagesOf = async (...entries: readonly string[]): Promise<string> => {
      const args = ['--conditions=@reprise/source', program, ...entries];
      return (await promisify(execFile)(process.execPath, args)).stdout.trim();
    };
    const own = '@reprise/actor @reprise/observer';
    expect(await packagesOf('@reprise/observer', '@reprise/observer/metrics')).toBe(own);
    expect(await packagesOf('@reprise/observer/opentelemetry')).toBe(`@opentelemetry/api ${own}`);
  });

  test('OTEL-02 OTEL-07 gives the numbers of metrics by the same names, until the system ends', async () => {
    metricsApi.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    await using run = await drive((system) => {
      instrument(system);
    });
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toStrictEqual([]);
    const [all, ...others] = resourceMetrics.scopeMetrics;
    expect([all?.scope.name, all?.scope.version, others]).toStrictEqual([
      '@reprise/observer',
      '0.0.0',
      [],
    ]);
    const collected = (all?.metrics ?? []).flatMap(({ descriptor: { name, unit }, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => ({ name, unit, attributes, value })),
    );
    const byName = Map.groupBy(metrics(run.system), ({ name }) => name);
    const expected = Array.from(byName.values(), (family) =>
      family.map(({ name, unit, attributes, value }) => ({ name, unit, attributes, value })),
    ).flat();
    expect(collected.length).toBeGreaterThan(40);
    expect(collected).toStrictEqual(expected);
    await run.system.stop();
    // The SDK goes on with the last observations. A new one would see that nothing runs.
    const { resourceMetrics: after } = await reader.collect();
    const processes = after.scopeMetrics[0]?.metrics.find(
      ({ descriptor: { name } }) => name === 'reprise.processes',
    );
    expect(processes?.dataPoints.map(({ value }) => value)).toStrictEqual([7]);
  });

  test('a second call for a system adds nothing, and ends nothing of the first', async () => {
    const own = new ManualReader();
    metricsApi.setGlobalMeterProvider(new MeterProvider({ readers: [own] }));
    const handled = Promise.withResolvers<void>();
    await using all = await open(timed(() => handled.resolve()));
    const stopAgain = instrument(all.system);
    await all.begin();
    const response = await all.origin.stream('data: x\n\n');
    await all.facts.until('connected');
    await handled.promise;
    expect(spansOf('reprise.sse.connect')).toHaveLength(1);
    const { resourceMetrics } = await own.collect();
    const durations = resourceMetrics.scopeMetrics[0]?.metrics.find(
      ({ descriptor: { name } }) => name === 'messaging.process.duration',
    );
    expect(durations?.dataPoints).toMatchObject([{ value: { count: 1 } }]);
    stopAgain();
    stopAgain();
    response.end();
    await all.facts.until('waits');
    await advance(all.system, 5000);
    await all.origin.stream();
    await all.facts.until('connected');
    expect(spansOf('reprise.sse.connect')).toHaveLength(2);
    all.stop();
    const stop = instrument(all.system);
    stop();
  });

  test('OTEL-03 has a span for each attempt, which ends at the head of the response', async () => {
    await using all = await open(undefined, { idleTimeout: 2 * hour });
    const { origin, facts, system } = all;
    await all.begin();
    expect(spansOf('reprise.sse.connect')).toStrictEqual([]);
    const response = await origin.stream();
    await facts.until('connected');
    expect(spansOf('reprise.sse.connect')).toHaveLength(1);
    await advance(system, hour);
    response.end();
    await facts.until('waits');
    await advance(system, 5000);
    await origin.refuse(503);
    await facts.until('waits');
    await advance(system, 5000);
    await origin.stream();
    await facts.until('connected');
    const spans = spansOf('reprise.sse.connect');
    expect(
      spans.map(({ kind, status, attributes, parentSpanContext }) => [
        kind,
        status.code,
        attributes,
        parentSpanContext,
      ]),
    ).toStrictEqual([
      [SpanKind.CLIENT, SpanStatusCode.UNSET, named, undefined],
      [SpanKind.CLIENT, SpanStatusCode.ERROR, { ...named, 'error.type': 'status' }, undefined],
      [SpanKind.CLIENT, SpanStatusCode.UNSET, named, undefined],
    ]);
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(3);
  });

  test('OTEL-05 has no part in the trace of a request that has started the stream', async () => {
    const handled = Promise.withResolvers<void>();
    await using all = await open(traced(() => handled.resolve()));
    const request = trace.getTracer('test').startSpan('request');
    await contextApi.with(trace.setSpan(contextApi.active(), request), () => all.begin());
    await all.origin.stream('data: x\n\n');
    await handled.promise;
    const { traceId } = request.spanContext();
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toStrictEqual(['reprise.sse.connect', 'process message']);
    expect(spans.filter((span) => span.spanContext().traceId === traceId)).toStrictEqual([]);
  });
});

describe('traced', () => {
  test('OTEL-04 has a span for each event, linked to that of the connection, with the error of its handler', async () => {
    const done = Promise.withResolvers<void>();
    const handle = traced(async ({ data }: { data: string; type: string }) => {
      trace.getTracer('test').startSpan(`own ${data}`).end();
      await Promise.resolve();
      if (data === '3') {
        done.resolve();
      }
      if (data === '2') {
        throw new Error('no paper');
      }
    });
    const failed: unknown[] = [];
    await using all = await open((event, context) =>
      Promise.resolve(handle(event, context)).catch((error: unknown) => {
        failed.push(error);
      }),
    );
    await all.begin();
    await all.origin.stream('data: 1\n\ndata: 2\n\nid: 7\ndata: 3\n\n');
    await done.promise;
    await advance(all.system, 0);
    const [connect] = spansOf('reprise.sse.connect');
    const events = spansOf('process message');
    expect(
      events.map(({ kind, links, status, parentSpanContext }) => [
        kind,
        links.map(({ context }) => context.spanId),
        status.code,
        parentSpanContext,
      ]),
    ).toStrictEqual(
      [SpanStatusCode.UNSET, SpanStatusCode.ERROR, SpanStatusCode.UNSET].map((code) => [
        SpanKind.CONSUMER,
        [connect?.spanContext().spanId],
        code,
        undefined,
      ]),
    );
    expect(events[1]?.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.message': 'no paper' } },
    ]);
    expect(events[2]?.attributes['messaging.message.id']).toBe('7');
    expect(failed).toHaveLength(1);
    const own = spansOf('own');
    expect(own.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toStrictEqual(
      events.map((span) => span.spanContext().spanId),
    );
  });

  test('OTEL-04 SEC-14 shows no secret of an error in a span', async () => {
    const done = Promise.withResolvers<void>();
    const secret = 'hunter2-sesame';
    const handle = traced((_event: { data: string; type: string }) => {
      throw new TypeError(`GET https://joe:${secret}@host/?token=${secret}`, {
        cause: new Error(`Bearer ${secret}`),
      });
    });
    await using all = await open((event, context) => {
      expect(() => handle(event, context)).toThrow(secret);
      done.resolve();
    });
    await all.begin();
    await all.origin.stream('data: 1\n\n');
    await done.promise;
    const [span] = spansOf('process message');
    expect(span?.events[0]?.attributes).toMatchObject({
      'exception.type': 'TypeError',
      'exception.message': 'GET https://host/?token=[redacted]',
      'exception.stacktrace': expect.stringContaining('opentelemetry.test.ts'),
    });
    expect(JSON.stringify(span?.events)).not.toContain(secret);
  });

  test('OTEL-04 SEC-14 shows no secret of the name of an error, nor of an event', () => {
    const secret = 'hunter2-sesame';
    const system = createTestSystem();
    const handle = traced((_event: { type: string; id: string }) => {
      throw Object.assign(new Error('x'), { name: `Boom https://joe:${secret}@h/` });
    });
    const event = { type: `password=${secret}`, id: `${'i'.repeat(40)} https://joe:${secret}@h/` };
    expect(() => handle(event, { self: system })).toThrow('x');
    const boom = (): never => {
      throw new Error('no name');
    };
    const hostile = traced(() => {
      throw Object.defineProperty(new Error('x'), 'name', { get: boom });
    });
    // Not toThrow, which reads the name.
    expect(fails(() => hostile(event, { self: system }))).toBe(true);
    const [span, other] = spansOf('process');
    expect(span?.events[0]?.attributes).toMatchObject({
      'exception.type': 'Boom https://h/',
      'exception.message': 'x',
    });
    expect(other?.status.code).toBe(SpanStatusCode.ERROR);
    const { name, attributes, events } = span as ReadableSpan;
    expect(JSON.stringify([name, attributes, events])).not.toContain('hunter');
  });

  test('has a span for each event, whatever the handler returns and extract does', async () => {
    const system = createTestSystem();
    const extract = (): Context => {
      throw new Error('no context');
    };
    const thenable = { then: (done: () => void) => done() };
    for (const result of [7, null, thenable]) {
      const handle = traced(() => result as never, { extract });
      await handle({ type: 'message' }, { self: system });
    }
    expect(spansOf('process message')).toHaveLength(3);
    expect(system.reports.map(({ message }) => message)).toEqual(
      Array.from({ length: 3 }, () => `${String(system.pid)}: extract failed: Error: no context`),
    );
    const none = traced(() => undefined, { extract: () => null as never });
    void none({ type: 'message' }, { self: system });
    expect(spansOf('process message')).toHaveLength(4);
  });

  test('OTEL-06 is a child of the span that an event carries, and linked to the connection', async () => {
    const sender = trace.getTracer('test').startSpan('sender');
    const done = Promise.withResolvers<void>();
    const extract = (): Context => trace.setSpan(ROOT_CONTEXT, sender);
    await using all = await open(traced(() => done.resolve(), { extract }));
    await all.begin();
    await all.origin.stream('data: x\n\n');
    await done.promise;
    const [event] = spansOf('process message');
    expect(event?.parentSpanContext?.spanId).toBe(sender.spanContext().spanId);
    expect(event?.links).toHaveLength(1);
  });

  test('refuses a handler that is none, and an unknown option', () => {
    expect(() => traced(3 as never)).toThrow('Expected a function (event, context), got 3');
    expect(() => traced(() => undefined, { extract: 1 } as never)).toThrow(
      'Expected extract to be a function, got 1',
    );
    expect(() => traced(() => undefined, { extrac: 1 } as never)).toThrow('did you mean `extract`');
  });
});

function fails(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch {
    return true;
  }
}

const hour = 3_600_000;
const named = { 'messaging.system': 'sse', 'messaging.destination.name': 'app / prices' };
