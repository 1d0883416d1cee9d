import type { Process } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { recordedOf } from '../recording/record.ts';
import { telling, whenHandled } from './measured-handler.ts';

export interface TimedOptions<Event> {
  /**
   * When an event was made, in ms since 1970, such as a time in its data: for the lag of the
   * stream. `undefined` for an event that does not tell. If it throws, that is reported once.
   * Default: there is no lag.
   */
  readonly eventTime?: (event: Event) => number | undefined;
}

const keys: KeysOf<Required<TimedOptions<never>>> = { eventTime: true };

/**
 * A `handle` of `SseClient.resilient` whose durations are counted, until its promise settles: as
 * the histogram `messaging.process.duration` of `metrics` and `instrument`. With `eventTime` there
 * is a lag, too, `reprise.sse.lag`: from when the last event was made until it was handled, by the
 * clocks of both machines.
 *
 * A handler that is not timed costs nothing. A failure is counted as well, and thrown on.
 * @throws TypeError unless `handle` and `eventTime` are functions, and for an unknown option
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/
 * @example
 * ```ts
 * import { type ServerSentEvent, SseClient } from '@reprise/sse';
 * import { timed } from '@reprise/observer/metrics';
 *
 * const prices = SseClient.resilient({
 *   id: 'prices',
 *   url: 'https://example.com/prices',
 *   handle: timed(({ data }: ServerSentEvent) => console.log(data), {
 *     eventTime: ({ data }) => Date.parse(data.slice(0, 24)),
 *   }),
 * });
 * console.log(prices.id); // prices
 * ```
 */
export function timed<Event, Handling extends { readonly self: Process }>(
  handle: (event: Event, context: Handling) => void | Promise<void>,
  options: TimedOptions<Event> = {},
): (event: Event, context: Handling) => void | Promise<void> {
  if (typeof handle !== 'function') {
    throw new TypeError(`Expected a function (event, context), got ${describe(handle)}`);
  }
  assertKnownKeys('timed', options, keys);
  const { eventTime } = options;
  if (eventTime !== undefined && typeof eventTime !== 'function') {
    throw new TypeError(`Expected eventTime to be a function, got ${describe(eventTime)}`);
  }
  const madeAt = telling('eventTime', eventTime ?? (() => undefined));
  return (event, context) => {
    const done = watchFor(context.self, madeAt(context.self, event));
    return whenHandled(() => handle(event, context), done);
  };
}

/** Begins to measure. The function that is returned is called when the event is handled. */
function watchFor({ pid, system }: Process, madeAt: unknown): () => void {
  const { clock } = system;
  const startedAt = clock.now();
  return () => {
    const lag = isTime(madeAt) ? ((clock.date?.() ?? Date.now()) - madeAt) / 1000 : undefined;
    recordedOf(system).handlings.add(pid, (clock.now() - startedAt) / 1000, lag);
  };
}

/** JavaScript can tell anything, such as `null` for an event without a time. */
function isTime(value: unknown): value is number {
  return Number.isFinite(value);
}
