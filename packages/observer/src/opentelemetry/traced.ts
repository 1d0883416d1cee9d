import {
  context as contextApi,
  type Context,
  type Exception,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { crash, type Process, type System } from '@reprise/actor';
import { shownReason } from '@reprise/actor/inspect';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { version } from '../version.ts';
import { connectSpanOf } from './connect-spans.ts';

/** The part of an event that a span tells of. */
export interface TracedEvent {
  readonly type: string;
  readonly id?: string | null | undefined;
}

export interface TracedOptions<Event> {
  /**
   * The context that an event carries, such as its `traceparent`, taken out by your propagator: the
   * span of the event is a child of that. Default: it has no parent.
   */
  readonly extract?: (event: Event) => Context;
}

const keys: KeysOf<Required<TracedOptions<never>>> = { extract: true };

/**
 * A `handle` of `SseClient.resilient` with a span for each event. The span is active while the
 * event is handled, so your own spans are its children; it is linked to that of the connection,
 * which `instrument` makes. An error of the handler ends it as failed, and is thrown on.
 * @throws TypeError unless `handle` is a function, and for an unknown option
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 * @example
 * ```ts
 * import { type ServerSentEvent, SseClient } from '@reprise/sse';
 * import { traced } from '@reprise/observer/opentelemetry';
 *
 * const prices = SseClient.resilient({
 *   id: 'prices',
 *   url: 'https://example.com/prices',
 *   handle: traced(({ data }: ServerSentEvent) => console.log(data)),
 * });
 * console.log(prices.id); // prices
 * ```
 */
export function traced<Event extends TracedEvent, Handling extends { readonly self: Process }>(
  handle: (event: Event, context: Handling) => void | Promise<void>,
  options: TracedOptions<Event> = {},
): (event: Event, context: Handling) => void | Promise<void> {
  if (typeof handle !== 'function') {
    throw new TypeError(`Expected a function (event, context), got ${describe(handle)}`);
  }
  assertKnownKeys('traced', options, keys);
  const { extract = () => ROOT_CONTEXT } = options;
  if (typeof extract !== 'function') {
    throw new TypeError(`Expected extract to be a function, got ${describe(extract)}`);
  }
  return (event, handling) => {
    const parent = extract(event);
    const span = startSpan(event, handling.self, parent);
    return contextApi.with(trace.setSpan(parent, span), () =>
      run(span, handling.self, () => handle(event, handling)),
    );
  };
}

function startSpan({ type, id }: TracedEvent, self: Process, parent: Context): Span {
  const connect = connectSpanOf(self.pid);
  const links: Link[] = connect === undefined ? [] : [{ context: connect }];
  const attributes = {
    'messaging.system': 'sse',
    'messaging.operation.type': 'process',
    ...(typeof id !== 'string' ? {} : { 'messaging.message.id': id.slice(0, longestId) }),
  };
  const options = { kind: SpanKind.CONSUMER, links, attributes };
  return trace
    .getTracer('@reprise/observer', version)
    .startSpan(`process ${type.slice(0, longestId)}`, options, parent);
}

/** In characters. */
const longestId = 64;

/** Ends the span once the handler is done. A synchronous handler stays one. */
function run(span: Span, self: Process, handle: () => void | Promise<void>): void | Promise<void> {
  try {
    const result = handle();
    if (result === undefined) {
      span.end();
      return undefined;
    }
    return result.then(
      () => {
        span.end();
      },
      (error: unknown) => fail(span, self, error),
    );
  } catch (error) {
    return fail(span, self, error);
  }
}

function fail(span: Span, { system }: Process, error: unknown): never {
  span.recordException(shownException(system, error));
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  throw error;
}

/** Without secrets, as in the reports of the system: spans go to third parties, too. */
function shownException(system: System, error: unknown): Exception {
  const { text, stack } = shownReason(system, crash(error));
  const name = error instanceof Error ? error.name : undefined;
  const message = text.startsWith(`${name}: `) ? text.slice(`${name}: `.length) : text;
  return {
    message,
    ...(name === undefined ? {} : { name }),
    ...(stack === undefined ? {} : { stack }),
  };
}
