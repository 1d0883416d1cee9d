import { type Meter, metrics as metricsApi, type Observable } from '@opentelemetry/api';
import type { System } from '@reprise/actor';
import { watch } from '@reprise/actor/inspect';

import { families } from '../metrics/families.ts';
import type { Family } from '../metrics/metric.ts';
import { metrics } from '../metrics/metrics.ts';
import { destination } from '../metrics/stream-metrics.ts';
import { bounds } from '../recording/handlings.ts';
import { recordedOf } from '../recording/record.ts';
import { version } from '../version.ts';
import { ConnectSpans } from './connect-spans.ts';

/** The name of the instrumentation scope. */
const scope = '@reprise/observer';

/**
 * Gives the numbers of a system, and a span for each attempt to connect a stream, to OpenTelemetry:
 * to the providers that are registered when it is called. Returns a function that ends this; so
 * does the end of the system.
 *
 * The numbers are those of `metrics`, as observable instruments: they are read when they are
 * collected, and an event costs nothing unless its handler is `timed`. A span `reprise.sse.connect`
 * ends at the head of the response, or with the failure: never as late as the stream. It has no
 * parent: a stream that was started within a request goes on after it.
 *
 * A second call for a system adds nothing: the first one goes on until both are ended.
 * @throws TypeError for anything but a system
 * @see https://opentelemetry.io/docs/specs/otel/metrics/api/#asynchronous-instrument-api
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { instrument } from '@reprise/observer/opentelemetry';
 *
 * const system = createSystem();
 * const stop = instrument(system);
 * stop();
 * await system.stop();
 * ```
 */
export function instrument(system: System): () => void {
  const { users, end } = running.get(system) ?? begin(system);
  const user = {};
  users.add(user);
  return () => {
    if (users.delete(user) && users.size === 0) {
      end();
    }
  };
}

/** The instruments of a system, and those who asked for them. */
interface Instruments {
  readonly users: Set<object>;
  readonly end: () => void;
}

const running: WeakMap<System, Instruments> = /* @__PURE__ */ new WeakMap();

function begin(system: System): Instruments {
  const uninstrument = observe(metricsApi.getMeter(scope, version), system);
  const spans = new ConnectSpans(system);
  const unwatch = watch(system, {
    noted: (pid, kind, fact) => {
      spans.noted(pid, kind, fact);
    },
    ended: (pid) => {
      spans.ended(pid);
      if (pid === system.pid) {
        end();
      }
    },
  });
  const end = (): void => {
    running.delete(system);
    uninstrument();
    unwatch();
    spans.stop();
  };
  const instruments = { users: new Set<object>(), end };
  running.set(system, instruments);
  return instruments;
}

/** One callback for all instruments: one look at the system for a collection. */
function observe(meter: Meter, system: System): () => void {
  const instruments = new Map(
    Object.values(families)
      .filter(({ type }) => type !== 'histogram')
      .map((family) => [family.name, instrumentFor(meter, family)]),
  );
  // From now on everything is counted.
  metrics(system);
  const callback: Parameters<Meter['addBatchObservableCallback']>[0] = (result) => {
    for (const { name, value, attributes } of metrics(system)) {
      const instrument = instruments.get(name);
      if (instrument !== undefined) {
        result.observe(instrument, value, attributes);
      }
    }
  };
  const all = [...instruments.values()];
  meter.addBatchObservableCallback(callback, all);
  const unlisten = recordDurations(meter, system);
  return () => {
    unlisten();
    meter.removeBatchObservableCallback(callback, all);
  };
}

/** A histogram cannot be observed: it is told each duration of a handler that is timed. */
function recordDurations(meter: Meter, system: System): () => void {
  const { name, unit, help } = families.duration;
  const histogram = meter.createHistogram(name, {
    unit,
    description: help,
    advice: { explicitBucketBoundaries: [...bounds] },
  });
  return recordedOf(system).handlings.listen((path, seconds) => {
    histogram.record(seconds, destination(path));
  });
}

function instrumentFor(meter: Meter, { name, type, unit, help }: Family): Observable {
  const options = { unit, description: help };
  return type === 'counter'
    ? meter.createObservableCounter(name, options)
    : meter.createObservableGauge(name, options);
}
