import {
  type ChildSpec,
  type Clock,
  crash,
  normal,
  noreply,
  type Pid,
  shutdownWith,
  stop,
} from '@reprise/actor';

import type { ClientAnswer, Disconnected } from '../client/behaviour.ts';
import { childSpec, define } from '../client/client.ts';
import type { HandleContext, RequestContext } from '../client/context.ts';
import { type Connect, connect } from '../client/next.ts';
import type { ServerSentEvent } from '../format/event.ts';
import { type EventSchemas, typedHandler } from '../format/typed-events.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';
import type { SseRequest } from '../http/request.ts';
import {
  assertOptions,
  reconnects,
  type ResilientOptions,
  resolve,
  type StatusChange,
  type TypedResilientOptions,
} from './options.ts';
import {
  classify,
  isHealthy,
  nextDelay,
  nextRedirectDelay,
  parseRetryAfter,
  type Verdict,
} from './policy.ts';

export type { ResilientOptions, StatusChange, TypedResilientOptions } from './options.ts';

/**
 * The client that most want, as a child of a supervisor: it reconnects with growing, jittered
 * delays, goes on from the last event handled, notices silence, and ends loudly when no further
 * attempt can help. Restarted only after an abnormal end (`transient`), unless told otherwise; one
 * that does not send its request again by itself is not restarted at all (`temporary`).
 *
 * Throws a `TypeError` or `RangeError` for a request that can never be sent, as far as no function
 * is to give it.
 */
export function resilient<const Id extends string, Schemas extends EventSchemas>(
  options: TypedResilientOptions<Id, Schemas>,
): ChildSpec<Id, Pid>;
export function resilient<const Id extends string>(
  options: ResilientOptions<Id>,
): ChildSpec<Id, Pid>;
export function resilient(
  options: ResilientOptions | TypedResilientOptions<string, EventSchemas>,
): ChildSpec<string, Pid> {
  assertOptions(options);
  const restart = reconnects(options) ? 'transient' : 'temporary';
  const handle = 'events' in options ? typedHandler(options) : options.handle;
  return childSpec(behaviour, { ...options, handle }, { restart, ...options });
}

/**
 * How things stand; one object a client, changed in place, since a new one an event is a cost that
 * every event would pay.
 */
interface Progress {
  readonly options: ResilientOptions;
  readonly clock: Clock;
  /** What `handle`, `until` and `onStatus` are called with: made once, not for each event. */
  readonly context: HandleContext;
  lastEventId: string;
  /** Attempts since the last healthy connection: what the delay grows with. */
  attempt: number;
  /** Attempts since the last event or healthy connection: what `maxAttempts` bounds. */
  fruitless: number;
  /** When the first of them began. */
  strivingSince: number;
  connectedAt: number;
  retry: number | undefined;
  /** Whether the headers were asked for once more because the server refused the last ones. */
  isRefreshed: boolean;
}

type Answer = ClientAnswer<Progress>;
type Failure = ConnectFailure | Disconnect;

const behaviour = define({
  init: (options: ResilientOptions, self) => {
    const { lastEventId = '' } = options;
    return attempt({
      options,
      clock: self.system.clock,
      context: { self, signal: self.signal },
      lastEventId,
      attempt: 0,
      fruitless: 0,
      strivingSince: 0,
      connectedAt: 0,
      retry: undefined,
      isRefreshed: false,
    });
  },
  handleConnect: ({ url }, progress) => {
    progress.connectedAt = progress.clock.now();
    progress.isRefreshed = false;
    tell(progress, { type: 'connected', url });
    return noreply(progress);
  },
  handleConnectFailure: (failure, progress): Answer => goOn(failure, progress),
  handleDisconnect: (disconnected: Disconnected, progress): Answer => {
    progress.lastEventId = disconnected.lastEventId;
    progress.retry = disconnected.retry ?? progress.retry;
    const { clock, connectedAt, options } = progress;
    if (isHealthy(clock.now() - connectedAt, options.healthyAfter)) {
      progress.attempt = 0;
      progress.fruitless = 0;
    }
    return goOn(disconnected, progress);
  },
  handleCursor: (report, progress) => {
    tell(progress, report);
    return noreply(progress);
  },
  handleEvent: (event, progress) => {
    const { context, options } = progress;
    const { until, handle } = options;
    if (until?.(event, context) === true) {
      return end(progress);
    }
    const pending = handle(event, context);
    // Any other value, such as what `array.push` returns, means nothing.
    return isThenable(pending) ? handledOnce(pending, event, progress) : handled(event, progress);
  },
});

/**
 * Apart from `handleEvent`, where a function that remembers its event would cost every event the
 * memory for that, called or not.
 */
function handledOnce(
  pending: Promise<unknown>,
  event: ServerSentEvent,
  progress: Progress,
): Promise<Progress> {
  return pending.then(() => handled(event, progress));
}

/** Acknowledged: only now is it what a new connection goes on from. */
function handled(event: ServerSentEvent, progress: Progress): Progress {
  progress.lastEventId = event.lastEventId;
  progress.fruitless = 0;
  return progress;
}

function attempt(progress: Progress, after = 0): Connect<Progress> {
  return connect((context) => requestFor(progress, context), progress, { after });
}

async function requestFor(progress: Progress, context: RequestContext): Promise<SseRequest> {
  const { options } = progress;
  if (progress.fruitless === 0) {
    progress.strivingSince = progress.clock.now();
  }
  progress.attempt += 1;
  progress.fruitless += 1;
  const lastEventId = startingPoint(progress, context);
  const asked: RequestContext = { ...context, lastEventId };
  tell(progress, { type: 'connecting', attempt: context.attempt });
  const { url, headers, body, idleTimeout = 300_000, ...rest } = options;
  return {
    ...rest,
    url: await resolve(url, asked),
    ...(headers === undefined ? {} : { headers: await resolve(headers, asked) }),
    ...(body === undefined ? {} : { body: await resolve(body, asked) }),
    idleTimeout,
    lastEventId,
    redirectDelay: () => redirectDelay(progress),
  };
}

/** A cursor takes the place of `lastEventId`, as soon as it has one to give. */
function startingPoint({ options, lastEventId }: Progress, context: RequestContext): string {
  return options.cursor === undefined ? lastEventId : context.lastEventId || lastEventId;
}

/** A redirect counts as an attempt, so that chains of them are not a way around the delays. */
function redirectDelay(progress: Progress): number {
  const { attempt: sent, options, retry: asked } = progress;
  progress.attempt += 1;
  return nextRedirectDelay(sent, { ...options, retry: asked });
}

function goOn(failure: Failure, progress: Progress): Answer {
  switch (verdictOf(failure, progress)) {
    case 'end':
      return end(progress);
    case 'fatal':
      return giveUp(failure, progress);
    case 'refresh':
      progress.isRefreshed = true;
      // At once, unless connections come and go: then fresh headers have to wait their turn, like
      // everything else.
      return progress.attempt > 1 || isSpent(progress, 0)
        ? retry(failure, progress)
        : attempt(progress);
    case 'retry':
    default:
      return retry(failure, progress);
  }
}

function verdictOf(failure: Failure, { options, isRefreshed }: Progress): Verdict {
  const verdict = reconnects(options) ? classify(failure) : finalVerdict(failure, options);
  // Credentials can be asked for anew only where a function gives them, and once.
  const canRefresh = typeof options.headers === 'function' && !isRefreshed;
  const allowed = verdict === 'refresh' && !canRefresh ? 'fatal' : verdict;
  return options.classify?.(failure, allowed) ?? allowed;
}

/**
 * When the request is not sent again: everything is final, and an end is a good one unless another
 * was to be waited for.
 */
function finalVerdict(failure: Failure, { until }: ResilientOptions): Verdict {
  const isComplete = failure.type === 'closed' && until === undefined;
  return isComplete || classify(failure) === 'end' ? 'end' : 'fatal';
}

function retry(failure: Failure, progress: Progress): Answer {
  const { attempt: attempts, options, retry: asked } = progress;
  const delay = nextDelay(attempts, { ...options, retry: asked }, Math.random);
  const atLeast = failure.type === 'status' ? retryAfterOf(failure, options) : 0;
  const after = Math.round(Math.max(atLeast, delay));
  if (isSpent(progress, after)) {
    return giveUp(failure, progress);
  }
  tell(progress, { type: 'disconnected', reason: formatFailure(failure), failure, after });
  return attempt(progress, after);
}

/** Whether an attempt `after` ms from now would be more than is allowed. */
function isSpent({ fruitless, strivingSince, clock, options }: Progress, after: number): boolean {
  const { maxAttempts = Infinity, maxElapsed = Infinity } = options;
  const elapsed = fruitless === 0 ? 0 : clock.now() - strivingSince;
  return fruitless >= maxAttempts || elapsed + after >= maxElapsed;
}

function retryAfterOf(
  { headers }: Failure & { readonly type: 'status' },
  { maxRetryAfter }: ResilientOptions,
): number {
  return parseRetryAfter(headers['retry-after'], Date.now(), maxRetryAfter) ?? 0;
}

function end(progress: Progress): Answer {
  tell(progress, { type: 'ended' });
  return stop(normal, progress);
}

function giveUp(failure: Failure, progress: Progress): Answer {
  const reason = formatFailure(failure);
  tell(progress, { type: 'gaveUp', reason, failure });
  const ending =
    progress.options.giveUpWith === 'shutdown'
      ? shutdownWith(failure)
      : crash(new Error(`gave up: ${reason}`, { cause: failure }));
  return stop(ending, progress);
}

function tell({ options, context }: Progress, change: StatusChange): void {
  options.onStatus?.(change, context);
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
