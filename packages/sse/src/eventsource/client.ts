import { ignore, type Ignore, normal, noreply, stop } from '@reprise/actor';

import type { Behaviour, ClientAnswer } from '../client/behaviour.ts';
import { define } from '../client/client.ts';
import { type Connect, connect } from '../client/next.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';
import type { SseRequest } from '../http/request.ts';
import { classify, isHealthy, nextDelay, nextRedirectDelay } from '../resilient/policy.ts';

/** Whoever an event source's client reads for. What it is told once it is closed it ignores. */
export interface Audience {
  /** Looked at after everything that it is told. */
  isClosed(): boolean;
  /** A stream has begun, at this URL. */
  opened(url: string): void;
  message(event: ServerSentEvent): void;
  /** There is no stream, or no more; another attempt follows. */
  interrupted(trouble: Trouble): void;
  /** No further attempt follows. */
  failed(trouble: Trouble): void;
}

export interface Trouble {
  /** The status that a server gave. */
  readonly code?: number;
  readonly message: string;
}

/** One object a client, changed in place. */
interface Progress {
  readonly audience: Audience;
  readonly request: SseRequest;
  lastEventId: string;
  /** Attempts since the last healthy connection: what the delay grows with. */
  attempt: number;
  connectedAt: number;
  retry: number | undefined;
}

type Start = Pick<Progress, 'audience' | 'request'>;
type Answer = ClientAnswer<Progress>;
type EventSourceClient = Behaviour<Start, Progress, undefined, undefined, 'close', Ignore>;

/**
 * What an `EventSource` does about answers and ends of streams: it announces, reestablishes or
 * fails the connection (WHATWG HTML 9.2.2, 9.2.3). How long it waits is the client's own policy.
 * The message `'close'` ends it.
 */
export const eventSourceClient: EventSourceClient = define({
  init: ({ audience, request }: Start) =>
    audience.isClosed() ? ignore : attempt(newProgress(audience, request)),
  handleConnect: ({ url }, progress, self) => {
    progress.connectedAt = self.system.clock.now();
    progress.audience.opened(url);
    return goOn(progress);
  },
  handleConnectFailure: (failure, progress) => handleTrouble(failure, progress),
  handleDisconnect: (disconnected, progress, self) => {
    progress.lastEventId = disconnected.lastEventId;
    progress.retry = disconnected.retry ?? progress.retry;
    if (isHealthy(self.system.clock.now() - progress.connectedAt)) {
      progress.attempt = 0;
    }
    return handleTrouble(disconnected, progress);
  },
  handleEvent: (event, progress) => {
    progress.audience.message(event);
    return progress.audience.isClosed() ? stop(normal, progress) : progress;
  },
  handleInfo: (_message: 'close', progress) => stop(normal, progress),
});

function newProgress(audience: Audience, request: SseRequest): Progress {
  return { audience, request, lastEventId: '', attempt: 0, connectedAt: 0, retry: undefined };
}

function goOn(progress: Progress): Answer {
  return progress.audience.isClosed() ? stop(normal, progress) : noreply(progress);
}

function handleTrouble(failure: ConnectFailure | Disconnect, progress: Progress): Answer {
  const { audience } = progress;
  if (isFinal(failure)) {
    audience.failed(troubleOf(failure));
    return stop(normal, progress);
  }
  audience.interrupted(troubleOf(failure));
  return audience.isClosed() ? stop(normal, progress) : again(progress);
}

/**
 * Every status but 200 is, as in browsers: `classify` knows some that time can mend. So is an event
 * that would only come again.
 */
function isFinal(failure: ConnectFailure | Disconnect): boolean {
  return failure.type === 'status' || failure.type === 'tooLarge' || classify(failure) !== 'retry';
}

function troubleOf(failure: ConnectFailure | Disconnect): Trouble {
  const message = formatFailure(failure);
  return 'status' in failure ? { code: failure.status, message } : { message };
}

function again(progress: Progress): Answer {
  progress.attempt += 1;
  return attempt(progress, nextDelay(progress.attempt, progress, Math.random));
}

function attempt(progress: Progress, after = 0): Connect<Progress> {
  const { request, lastEventId } = progress;
  const redirectDelay = (): number => {
    progress.attempt += 1;
    return nextRedirectDelay(progress.attempt, progress);
  };
  return connect({ ...request, lastEventId, redirectDelay }, progress, { after });
}
