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
import { shownReason, shownText } from '@reprise/actor/inspect';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { type HandlerFailure, telling, whenHandled } from '../metrics/measured-handler.ts';
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
   * span of the event is a child of that. If it throws, that is reported once. Default: it has no
   * parent.
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
  const contextOf = telling('extract', extract);
  return (event, handling) => {
    const { self } = handling;
    const parent = contextOf(self, event) ?? ROOT_CONTEXT;
    const span = startSpan(event, self, parent);
    return contextApi.with(trace.setSpan(parent, span), () =>
      whenHandled(
        () => handle(event, handling),
        (failure) => {
          end(span, self.system, failure);
        },
      ),
    );
  };
}

function startSpan({ type, id }: TracedEvent, self: Process, parent: Context): Span {
  const { pid, system } = self;
  const connect = connectSpanOf(pid);
  const links: Link[] = connect === undefined ? [] : [{ context: connect }];
  const attributes = {
    'messaging.system': 'sse',
    'messaging.operation.type': 'process',
    ...(typeof id === 'string' ? { 'messaging.message.id': shownText(system, id, longestId) } : {}),
  };
  const options = { kind: SpanKind.CONSUMER, links, attributes };
  return trace
    .getTracer('@reprise/observer', version)
    .startSpan(`process ${shownText(system, type, longestId)}`, options, parent);
}

/** In characters. */
const longestId = 64;

/** An error of the handler ends the span as failed. */
function end(span: Span, system: System, failure: HandlerFailure | undefined): void {
  if (failure !== undefined) {
    span.recordException(shownException(system, failure.error));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** Without secrets, as in the reports of the system: spans go to third parties, too. */
function shownException(system: System, error: unknown): Exception {
  const { text, stack } = shownReason(system, crash(error));
  const name = error instanceof Error ? shownText(system, nameOf(error), longestId) : undefined;
  const message = text.startsWith(`${name}: `) ? text.slice(`${name}: `.length) : text;
  return {
    message,
    ...(name === undefined ? {} : { name }),
    ...(stack === undefined ? {} : { stack }),
  };
}

/** It may be a getter, and throw. */
function nameOf(error: Error): string {
  try {
    const name: unknown = error.name;
    return String(name);
  } catch {
    return 'Error';
  }
}
