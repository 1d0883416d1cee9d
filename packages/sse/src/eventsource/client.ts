import { ignore, type Ignore, normal, noreply, type Process, stop } from '@reprise/actor';
import { redact } from '@reprise/actor/text';

import type { Behaviour, ClientAnswer } from '../client/behaviour.ts';
import { define } from '../client/client.ts';
import { type Connect, connect } from '../client/next.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';
import type { SseRequest } from '../http/request.ts';
import { Pace } from '../resilient/pace.ts';
import { classify } from '../resilient/policy.ts';

/** The `EventSource` that a client works for. Once closed, it ignores its client. */
export interface EventSourceSink {
  /** The client reads it after each call of another method. */
  isClosed(): boolean;
  /** A stream has begun, at this URL. */
  opened(url: string): void;
  message(event: ServerSentEvent): void;
  /** There is no stream now; another attempt follows. */
  interrupted(details: ErrorDetails): void;
  /** No further attempt follows. */
  failed(details: ErrorDetails): void;
}

/** The fields of an `ErrorEvent`. */
export interface ErrorDetails {
  /** The HTTP status, if the server answered. */
  readonly code?: number;
  readonly message: string;
}

interface Start {
  readonly sink: EventSourceSink;
  readonly request: SseRequest;
}

/** One object for each client, changed in place. The request is private: it may hold a password. */
class Progress {
  readonly sink: EventSourceSink;
  readonly #request: SseRequest;
  readonly pace: Pace;
  lastEventId = '';
  /** Whether the connection has brought an event. */
  hasEvents = false;

  constructor({ sink, request }: Start, self: Process) {
    this.sink = sink;
    this.#request = request;
    this.pace = new Pace({}, self);
  }

  get request(): SseRequest {
    return this.#request;
  }
}

type Answer = ClientAnswer<Progress>;
type EventSourceClient = Behaviour<Start, Progress, undefined, undefined, 'close', Ignore>;

/**
 * The client of an `EventSource`: it announces, reestablishes and fails the connection (WHATWG HTML
 * 9.2.2, 9.2.3). Its delays are those of `resilient`. The message `'close'` ends it.
 */
export const eventSourceClient: EventSourceClient = define({
  init: (start: Start, self) =>
    start.sink.isClosed() ? ignore : attempt(new Progress(start, self)),
  handleConnect: ({ url }, progress) => {
    progress.pace.connected();
    progress.hasEvents = false;
    progress.sink.opened(url);
    return progress.sink.isClosed() ? stop(normal, progress) : noreply(progress);
  },
  handleConnectFailure: (failure, progress) => {
    progress.pace.failed();
    return react(failure, progress);
  },
  handleDisconnect: (disconnected, progress) => {
    progress.lastEventId = disconnected.lastEventId;
    progress.pace.disconnected(disconnected, progress.hasEvents, disconnected.retry);
    return react(disconnected, progress);
  },
  handleEvent: (event, progress) => {
    progress.hasEvents = true;
    progress.sink.message(event);
    return progress.sink.isClosed() ? stop(normal, progress) : progress;
  },
  handleInfo: (_message: 'close', progress) => stop(normal, progress),
  formatStatus: ({ request: { url }, lastEventId }) => ({ url: redact(String(url)), lastEventId }),
});

function react(failure: ConnectFailure | Disconnect, progress: Progress): Answer {
  const { sink, pace } = progress;
  if (isFinal(failure)) {
    sink.failed(detailsOf(failure));
    return stop(normal, progress);
  }
  sink.interrupted(detailsOf(failure));
  return sink.isClosed() ? stop(normal, progress) : attempt(progress, pace.delay());
}

/**
 * Whether the connection fails for good. As in browsers, every status but 200 does, also those that
 * `classify` retries; and so does an event that is too large, since it would only come again.
 */
function isFinal(failure: ConnectFailure | Disconnect): boolean {
  return failure.type === 'status' || failure.type === 'tooLarge' || classify(failure) !== 'retry';
}

function detailsOf(failure: ConnectFailure | Disconnect): ErrorDetails {
  const message = formatFailure(failure);
  return 'status' in failure ? { code: failure.status, message } : { message };
}

function attempt(progress: Progress, after = 0): Connect<Progress> {
  const { request, lastEventId } = progress;
  return connect({ ...request, lastEventId }, progress, { after });
}
