import {
  type ChildOptions,
  type ChildSpec,
  crash,
  type GenServer,
  normal,
  noreply,
  type Pid,
  stop,
} from '@reprise/actor';

import type { ClientAnswer, Disconnected } from './behaviour.ts';
import { childSpec, define } from './client.ts';
import type { ServerSentEvent } from './event.ts';
import { type ConnectFailure, type Disconnect, formatFailure } from './failure.ts';
import { type Connect, connect } from './next.ts';
import { classify, isHealthy, nextDelay, parseRetryAfter } from './policy.ts';
import { requestProblem, type SseRequest } from './request.ts';

/** A value, or a function that is asked for it at each attempt. */
type Fresh<Value> = Value | (() => Value | Promise<Value>);

export interface ResilientOptions<Id extends string = string>
  extends ChildOptions<Id>, Omit<SseRequest, 'url' | 'headers' | 'body'>, GenServer.StartOptions {
  /** Absolute, http: or https:. */
  readonly url: Fresh<SseRequest['url']>;
  /** A function is asked anew at each attempt, and once more at once when the server answers 401 or 403. */
  readonly headers?: Fresh<NonNullable<SseRequest['headers']>>;
  readonly body?: Fresh<NonNullable<SseRequest['body']>>;
  /** Every event, in order, one at a time. Nothing more is read until its promise settles. Throwing ends the client. */
  readonly handle: (event: ServerSentEvent) => void | Promise<void>;
  /** Told of every change. It must not throw. */
  readonly onStatus?: (status: Status) => void;
  /** The first delay before a new attempt, in ms; a server's `retry:` takes its place, inside 100 ms … 5 min. Default: 1 s. */
  readonly minDelay?: number;
  /** What the delay doubles up to, in ms. Default: 30 s. */
  readonly maxDelay?: number;
  /** How long a connection has to stand for the delay to start anew, in ms. Default: 60 s. */
  readonly healthyAfter?: number;
  /** Attempts in a row that brought no event, after which the client gives up. Default: `Infinity`. */
  readonly maxAttempts?: number;
  /** The longest silence, in ms, comments count as sound; `Infinity` for no limit. Default: 5 min. */
  readonly idleTimeout?: number;
}

/** What the client is about: `after` is how long until the next attempt, in ms. */
export type Status =
  | { readonly type: 'connecting'; readonly attempt: number }
  | { readonly type: 'connected'; readonly url: string }
  | {
      readonly type: 'disconnected';
      /** `failure` in one line. */
      readonly reason: string;
      readonly failure: ConnectFailure | Disconnect;
      readonly after: number;
    }
  /** The server wants no further request (204): the client ends normally. */
  | { readonly type: 'ended' }
  /** No further attempt is of use, or allowed: the client ends abnormally. */
  | {
      readonly type: 'gaveUp';
      readonly reason: string;
      readonly failure: ConnectFailure | Disconnect;
    };

/**
 * The client that most want, as a child of a supervisor: it reconnects with growing, jittered delays, goes on from the last event handled,
 * notices silence, and ends loudly when no further attempt can help. Restarted only after an abnormal end (`transient`), unless told otherwise.
 *
 * Throws a `TypeError` or `RangeError` for a request that can never be sent, as far as no function is to give it.
 */
export function resilient<const Id extends string>(
  options: ResilientOptions<Id>,
): ChildSpec<Id, Pid> {
  assertOptions(options);
  return childSpec(behaviour, options, { restart: 'transient', ...options });
}

/** How things stand; one object a client, changed in place, since a new one an event is a cost that every event would pay. */
interface Progress {
  readonly options: ResilientOptions;
  lastEventId: string;
  /** Attempts since the last healthy connection: what the delay grows with. */
  attempt: number;
  /** Attempts since the last event: what `maxAttempts` bounds. */
  fruitless: number;
  connectedAt: number;
  retry: number | undefined;
  /** Whether the headers were asked for once more because the server refused the last ones. */
  isRefreshed: boolean;
}

type Answer = ClientAnswer<Progress>;

const behaviour = define({
  init: (options: ResilientOptions) => {
    const { lastEventId = '' } = options;
    return attempt({
      options,
      lastEventId,
      attempt: 0,
      fruitless: 0,
      connectedAt: 0,
      retry: undefined,
      isRefreshed: false,
    });
  },
  handleConnect: ({ url }, progress, self) => {
    progress.connectedAt = self.system.clock.now();
    progress.isRefreshed = false;
    tell(progress, { type: 'connected', url });
    return noreply(progress);
  },
  handleConnectFailure: (failure, progress): Answer => {
    switch (verdictOf(failure, progress)) {
      case 'end':
        tell(progress, { type: 'ended' });
        return stop(normal, progress);
      case 'fatal':
        return giveUp(failure, progress);
      case 'refresh':
        progress.isRefreshed = true;
        // At once, unless connections come and go: then fresh headers have to wait their turn, like everything else.
        return progress.attempt > 1 || isSpent(progress)
          ? retry(failure, progress)
          : attempt(progress);
      case 'retry':
      default:
        return retry(failure, progress, retryAfter(failure));
    }
  },
  handleDisconnect: (disconnected: Disconnected, progress, self): Answer => {
    progress.lastEventId = disconnected.lastEventId;
    progress.retry = disconnected.retry ?? progress.retry;
    if (isHealthy(self.system.clock.now() - progress.connectedAt, progress.options.healthyAfter)) {
      progress.attempt = 0;
    }
    return retry(disconnected, progress);
  },
  handleEvent: (event, progress) => {
    const pending = progress.options.handle(event);
    // Any other value, such as what `array.push` returns, means nothing.
    return typeof pending?.then === 'function'
      ? pending.then(() => handled(event, progress))
      : handled(event, progress);
  },
});

/** Acknowledged: only now is it what a new connection goes on from. */
function handled(event: ServerSentEvent, progress: Progress): Progress {
  progress.lastEventId = event.lastEventId;
  progress.fruitless = 0;
  return progress;
}

function attempt(progress: Progress, after = 0): Connect<Progress> {
  return connect(() => requestFor(progress), progress, { after });
}

async function requestFor(progress: Progress): Promise<SseRequest> {
  const { options, lastEventId } = progress;
  progress.attempt += 1;
  progress.fruitless += 1;
  tell(progress, { type: 'connecting', attempt: progress.fruitless });
  const { url, headers, body, idleTimeout = 300_000, ...rest } = options;
  return {
    ...rest,
    url: await fresh(url),
    ...(headers === undefined ? {} : { headers: await fresh(headers) }),
    ...(body === undefined ? {} : { body: await fresh(body) }),
    idleTimeout,
    lastEventId,
  };
}

function fresh<Value>(value: Fresh<Value>): Value | Promise<Value> {
  return typeof value === 'function' ? (value as () => Value | Promise<Value>)() : value;
}

function retry(failure: ConnectFailure | Disconnect, progress: Progress, atLeast = 0): Answer {
  const { minDelay = 1000, maxDelay = 30_000 } = progress.options;
  if (isSpent(progress)) {
    return giveUp(failure, progress);
  }
  const backoff = { minDelay, maxDelay, retry: progress.retry };
  const delay = Math.max(atLeast, nextDelay(progress.attempt, backoff, Math.random));
  const after = Math.round(delay);
  tell(progress, { type: 'disconnected', reason: formatFailure(failure), failure, after });
  return attempt(progress, after);
}

function isSpent({ fruitless, options: { maxAttempts = Infinity } }: Progress): boolean {
  return fruitless >= maxAttempts;
}

function giveUp(failure: ConnectFailure | Disconnect, progress: Progress): Answer {
  const reason = formatFailure(failure);
  tell(progress, { type: 'gaveUp', reason, failure });
  return stop(crash(new Error(`gave up: ${reason}`, { cause: failure })), progress);
}

/** Credentials can be asked for anew only where a function gives them, and once. */
function verdictOf(
  failure: ConnectFailure,
  { options, isRefreshed }: Progress,
): ReturnType<typeof classify> {
  const verdict = classify(failure);
  const canRefresh = typeof options.headers === 'function' && !isRefreshed;
  return verdict === 'refresh' && !canRefresh ? 'fatal' : verdict;
}

function retryAfter(failure: ConnectFailure): number | undefined {
  return failure.type === 'status'
    ? parseRetryAfter(failure.headers['retry-after'], Date.now())
    : undefined;
}

function tell({ options }: Progress, status: Status): void {
  options.onStatus?.(status);
}

function assertOptions(options: ResilientOptions): void {
  const { url, headers, body, handle, ...rest } = options;
  if (typeof handle !== 'function') {
    throw new TypeError(`Expected handle to be a function (event) => …, got ${typeof handle}`);
  }
  for (const name of positive) {
    if (!((options[name] ?? 1) > 0)) {
      throw new RangeError(`Expected ${name} to be above 0, got ${options[name]}`);
    }
  }
  const problem = requestProblem({
    ...rest,
    url: typeof url === 'function' ? 'http://localhost' : url,
    ...(headers === undefined || typeof headers === 'function' ? {} : { headers }),
    ...(body === undefined || typeof body === 'function' ? {} : { body }),
  });
  if (problem !== undefined) {
    throw new TypeError(problem);
  }
}

const positive = [
  'minDelay',
  'maxDelay',
  'healthyAfter',
  'maxAttempts',
  'idleTimeout',
  'connectTimeout',
  'responseTimeout',
  'maxEventSize',
] as const;
