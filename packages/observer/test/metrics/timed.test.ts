import { afterEach, describe, expect, test } from '@jest/globals';
import { metrics as metricsApi } from '@opentelemetry/api';
import { DataPointType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { type Pid, spawn } from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';
import parsePrometheusTextFormat from 'parse-prometheus-text-format';

import { look } from '../../src/index.ts';
import { type Metric, metrics, metricsText, timed, type TimedOptions } from '../../src/metrics.ts';
import { instrument } from '../../src/opentelemetry.ts';
import { Handlings } from '../../src/recording/handlings.ts';
import { recordedOf } from '../../src/recording/record.ts';
import { Facts } from '../support/facts.ts';
import { Origin } from '../support/origin.ts';
import { start } from '../support/tree.ts';

type Handle = NonNullable<SseClient.ResilientOptions['handle']>;
type Event = Parameters<Handle>[0];

/** A stream `prices` with one event for each of these data, whose handler is timed. */
async function service(
  handle: Handle,
  options: (system: TestSystem) => TimedOptions<Event> = () => ({}),
  data: readonly string[] = ['x'],
) {
  const origin = await Origin.open();
  const system = createTestSystem();
  const facts = new Facts(system);
  const stop = instrument(system);
  const prices = SseClient.resilient({
    id: 'prices',
    url: origin.url,
    handle: timed(handle, options(system)),
  });
  await start(system, [prices]);
  await origin.stream(data.map((text) => `data: ${text}\n\n`).join(''));
  await facts.until('connected');
  return {
    system,
    stop,
    async [Symbol.asyncDispose]() {
      await system.stop();
      await origin.close();
    },
  };
}

const named = (all: readonly Metric[], name: string) => all.filter((one) => one.name === name);
const duration = 'messaging.process.duration';

afterEach(() => {
  metricsApi.disable();
});

/** A handler that tells of its call, and takes as long as it is let. */
function slow() {
  const entered = Promise.withResolvers<undefined>();
  const left = Promise.withResolvers<void>();
  const handle = (): Promise<void> => {
    entered.resolve(undefined);
    return left.promise;
  };
  return { handle, entered: entered.promise, leave: left.resolve };
}

/** Of handlers that are called by the system itself. */
function handlingsOf(system: TestSystem) {
  const { handlings } = recordedOf(system);
  const all = [...handlings.all].reduce((sum, [, { count }]) => sum + count, 0);
  return { all, lag: handlings.lagOf(system.pid) };
}

describe('timed', () => {
  test('counts how long a handler takes until it settles, as a histogram', async () => {
    const { handle, entered, leave } = slow();
    await using one = await service(handle);
    const { system } = one;
    await entered;
    await advance(system, 300);
    expect(named(metrics(system), duration)).toEqual([]);
    leave();
    await settle(system);
    const [histogram] = named(metrics(system), duration);
    expect(histogram).toMatchObject({
      type: 'histogram',
      unit: 's',
      value: 1,
      attributes: { 'messaging.system': 'sse', 'messaging.destination.name': 'app / prices' },
      distribution: { sum: 0.3 },
    });
    const { buckets = [] } = histogram?.distribution ?? {};
    expect(buckets.slice(6, 9)).toEqual([
      [0.25, 0],
      [0.5, 1],
      [0.75, 1],
    ]);
    expect(buckets.at(-1)).toEqual([Infinity, 1]);
    const text = metricsText(metrics(system), 'prometheus');
    const families = parsePrometheusTextFormat(text);
    const family = families.find(({ name }) => name === 'messaging_process_duration_seconds');
    expect(family).toMatchObject({ type: 'HISTOGRAM' });
    const labels = 'messaging_system="sse",messaging_destination_name="app / prices"';
    const name = 'messaging_process_duration_seconds';
    expect(
      text
        .split('\n')
        .filter((line) => line.startsWith(name))
        .slice(6),
    ).toEqual([
      `${name}_bucket{${labels},le="0.25"} 0`,
      ...['0.5', '0.75', '1.0', '2.5', '5.0', '7.5', '10.0', '+Inf'].map(
        (bound) => `${name}_bucket{${labels},le="${bound}"} 1`,
      ),
      `${name}_sum{${labels}} 0.3`,
      `${name}_count{${labels}} 1`,
    ]);
  });

  test('of more streams than have numbers of their own each has its own lag', () => {
    const system = createTestSystem();
    const pids = Array.from({ length: 150 }, (): Pid => spawn(system, (self) => self.receive()));
    const handlings = new Handlings(({ id }) => `app / ${id}`);
    for (const [at, pid] of pids.entries()) {
      handlings.add(pid, 0.1, at / 1000);
    }
    handlings.add(pids[0] as Pid, 0.1, undefined);
    expect(pids.map((pid) => handlings.lagOf(pid))).toEqual(pids.map((_, at) => at));
  });

  test('with the time of an event, the lag is from when it was made until it was handled', async () => {
    const { handle, entered, leave } = slow();
    await using one = await service(handle, ({ clock }) => ({
      eventTime: () => clock.date() - 2000,
    }));
    const { system } = one;
    await entered;
    expect(named(metrics(system), 'reprise.sse.lag')).toEqual([]);
    expect(look(system).streams[0]?.lag).toBeUndefined();
    await advance(system, 500);
    leave();
    await settle(system);
    const [lag] = named(metrics(system), 'reprise.sse.lag');
    expect(lag?.attributes).toEqual({ stream: 'app / prices' });
    expect(lag?.value).toBeCloseTo(2.5);
    expect(look(system).streams[0]?.lag).toBeCloseTo(2500);
    expect(metricsText(metrics(system), 'openmetrics')).toContain(
      'reprise_sse_lag_seconds{stream="app / prices"} 2.5',
    );
  });

  test('an event that does not tell when it was made leaves the lag as it is', async () => {
    const times: readonly (number | undefined)[] = [0, undefined, Number.NaN];
    let at = 0;
    let count = 0;
    const counted = (): void => {
      count += 1;
    };
    await using one = await service(counted, () => ({ eventTime: () => times[at++] }), [
      'a',
      'b',
      'c',
    ]);
    while (count < 3) {
      await new Promise((go) => {
        setImmediate(go);
      });
    }
    const [lag] = named(metrics(one.system), 'reprise.sse.lag');
    expect(lag?.value).toBe(one.system.clock.date() / 1000);
  });

  test('a time that is none is no lag', () => {
    const system = createTestSystem();
    const times = [null, -Infinity, Infinity, Number.NaN, '7', new Date(0), Promise.resolve(7)];
    for (const time of times) {
      void timed(() => {}, { eventTime: () => time as never })({}, { self: system as never });
    }
    expect(handlingsOf(system)).toEqual({ all: times.length, lag: undefined });
  });

  test('an eventTime that fails is reported once, and each event is handled', async () => {
    const system = createTestSystem();
    const handled: unknown[] = [];
    const refusals = [
      () => {
        throw new Error('no time');
      },
      () => Promise.reject(new Error('no time yet')) as never,
    ];
    for (const eventTime of refusals) {
      const handle = timed((event: number) => void handled.push(event), { eventTime });
      void handle(1, { self: system });
      void handle(2, { self: system });
    }
    await settle(system);
    expect(handled).toEqual([1, 2, 1, 2]);
    expect(system.reports.map(({ message }) => message)).toEqual([
      `${String(system.pid)}: eventTime failed: Error: no time`,
      `${String(system.pid)}: eventTime failed: Error: no time yet`,
    ]);
  });

  test('a handler may return anything', async () => {
    const system = createTestSystem();
    const results: unknown[] = [7, null, 'x', {}, { then: 1 }];
    for (const result of results) {
      const handle = timed(() => result as never);
      expect(handle({}, { self: system as never })).toBe(result);
    }
    const thenable = { then: (done: () => void) => done() };
    await timed(() => thenable as never)({}, { self: system as never });
    expect(handlingsOf(system).all).toBe(results.length + 1);
  });

  test('a handler that fails is counted, and its failure goes on', () => {
    const system = createTestSystem();
    const failing = timed(() => {
      throw new Error('no paper');
    });
    expect(() => failing({}, { self: system as never })).toThrow('no paper');
    expect(() => timed('x' as never)).toThrow('Expected a function (event, context), got "x"');
    expect(() => timed(() => {}, { eventTime: 3 } as never)).toThrow('eventTime to be a function');
    expect(() => timed(() => {}, { evenTime: 3 } as never)).toThrow('did you mean `eventTime`?');
  });

  test('OTEL-02 OpenTelemetry has the same histogram, until the instruments are gone', async () => {
    class ManualReader extends MetricReader {
      protected override onForceFlush = (): Promise<void> => Promise.resolve();
      protected override onShutdown = (): Promise<void> => Promise.resolve();
    }
    const reader = new ManualReader();
    metricsApi.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
    const { handle, entered, leave } = slow();
    await using one = await service(handle);
    await entered;
    await advance(one.system, 300);
    leave();
    await settle(one.system);
    const { resourceMetrics } = await reader.collect();
    const found = resourceMetrics.scopeMetrics[0]?.metrics.find(
      ({ descriptor }) => descriptor.name === duration,
    );
    const [expected] = named(metrics(one.system), duration);
    expect(found?.descriptor.unit).toBe('s');
    expect(found?.dataPointType).toBe(DataPointType.HISTOGRAM);
    expect(found?.dataPoints).toMatchObject([
      {
        attributes: expected?.attributes,
        value: {
          count: 1,
          sum: 0.3,
          buckets: {
            boundaries: expected?.distribution?.buckets.slice(0, -1).map(([bound]) => bound),
          },
        },
      },
    ]);
  });
});
