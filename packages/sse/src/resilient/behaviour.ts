import {
  type Clock,
  crash,
  loggerOf,
  normal,
  noreply,
  type Process,
  shutdownWith,
  stop,
} from '@reprise/actor';
import { describe, redact } from '@reprise/actor/text';

import {
  type Batching,
  batching,
  type Behaviour,
  type ClientAnswer,
  type Disconnected,
  type FailedEvent,
  takesNoHandleFailed,
  withoutHandleFailed,
} from '../client/behaviour.ts';
import { define } from '../client/client.ts';
import type { HandleContext, RequestContext } from '../client/context.ts';
import {
  type Connect,
  connect,
  type Reconnect,
  reconnect,
  type Redeliver,
  redeliver,
  type RequestFunction,
} from '../client/next.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { Maybe } from '../format/maybe.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';
import { withHidden } from '../http/hidden.ts';
import { isRefusalOf, isSendable } from '../http/last-event-id.ts';
import type { SseRequest } from '../http/request.ts';
import { isRepeatedEffect, isSentAgain } from '../http/resend.ts';
import { callListener } from '../maybe-promise.ts';
import { type BatchOptions, isBatched } from './batch-options.ts';
import { type Gap, gapInEvent, gapInResponse, type Sent } from './gap.ts';
import {
  assertFailedAnswer,
  type HandleFailed,
  type Renewed,
  requestIn,
  type ResilientOptions,
  resolve,
  type Restarted,
  type StatusChange,
} from './options.ts';
import { Pace } from './pace.ts';
import { classify, type Verdict } from './policy.ts';
import { requestedDelay } from './retry-after.ts';
import { assertVerdict, isTrue, type RetryAfter } from './verdict.ts';

/**
 * The state of the behaviour. One object for each client, changed in place: a new state for every
 * event would be a cost of every event. The options are private: they hold secrets, and a state is
 * shown in reports.
 */
class Progress {
  readonly #options: ResilientOptions;
  readonly clock: Clock;
  /** The argument of `handle`, `until` and `onStatus`, made once rather than for each event. */
  readonly context: HandleContext;
  readonly pace: Pace;
  /** The id that the next request resumes from. */
  lastEventId: string;
  /** The id and the position of the last request. */
  sent: Sent = { lastEventId: '', cursor: '' };
  /** Whether the current connection has told of a gap. */
  hasGap = false;
  /** Attempts since the last event or healthy connection: `maxAttempts` limits them. */
  failuresInARow = 0;
  /** When the first of them began: `maxElapsed` counts from here. */
  failingSince = 0;
  /** The position at which an event above the limit came; `undefined` for none. */
  tooLargeAfter: string | undefined = undefined;
  /** Whether another such event has come at that position: further attempts cannot help. */
  isStuck = false;
  /** The event that is not handled in a batch, and the reaction to it. */
  apart: { readonly event: ServerSentEvent; readonly handle: () => EventAnswer } | undefined =
    undefined;
  /** Whether new headers were requested because the server refused the last ones. */
  isRefreshed = false;
  /** The URL of the last request, without credentials. */
  url: string | undefined = undefined;

  constructor(options: ResilientOptions, self: Process) {
    const { clock } = self.system;
    this.#options = options;
    this.clock = clock;
    this.context = { self, signal: self.signal };
    this.pace = new Pace(options, self);
    this.lastEventId = options.lastEventId ?? '';
  }

  get options(): ResilientOptions {
    return this.#options;
  }
}

type Answer = ClientAnswer<Progress>;
type EventAnswer = Maybe<Progress | Answer>;
type Failure = ConnectFailure | Disconnect;

type ResilientClient = Behaviour<
  ResilientOptions,
  Progress,
  undefined,
  undefined,
  never,
  Connect<Progress>
>;

/** The behaviour of `resilient`. Without `handleFailed` a failure of `handle` crashes at once. */
export function behaviourFor(options: ResilientOptions): ResilientClient {
  const { handleFailed } = options;
  if (takesNoHandleFailed in options) {
    return readerClient;
  }
  if (isBatched(options)) {
    return batchClient(options);
  }
  return handleFailed === undefined
    ? resilientClient
    : {
        ...resilientClient,
        handleFailed: (failed, progress) => answerFailure(handleFailed, failed, progress),
      };
}

/** Written with public callbacks, and with the budget of its requests. */
const resilientClient: ResilientClient = define({
  init: (options: ResilientOptions, self) => {
    warnOfRepeats(options, self);
    return begin(new Progress(options, self));
  },
  handleConnect: (response, progress) => {
    progress.pace.connected();
    progress.isRefreshed = false;
    const { status, url } = response;
    // The headers themselves are hidden, not the field: a copy of the change has them too.
    const headers = withHidden({}, response.headers);
    notify(progress, { type: 'connected', status, headers, url });
    progress.hasGap = false;
    const gap = gapInResponse(response, progress.sent, progress.options.gapOf);
    return gap === undefined ? noreply(progress) : answerAfter(gap, progress);
  },
  handleConnectFailure: (failure, progress): Answer => {
    progress.pace.failed();
    return react(failure, progress);
  },
  handleDisconnect: (disconnected: Disconnected, progress): Answer => {
    progress.lastEventId = disconnected.lastEventId;
    progress.isStuck = isStuck(disconnected, progress);
    const hasEvents = progress.failuresInARow === 0;
    if (progress.pace.disconnected(disconnected, hasEvents, disconnected.retry)) {
      progress.failuresInARow = 0;
    }
    return react(disconnected, progress);
  },
  handleCursor: (report, progress) => {
    if (report.type === 'resumed') {
      progress.lastEventId = report.lastEventId;
    }
    notify(progress, report);
    return noreply(progress);
  },
  handleEvent: (event, progress) => {
    const { gapOf } = progress.options;
    const gap =
      gapOf === undefined || progress.hasGap ? undefined : gapInEvent(event, progress.sent, gapOf);
    return gap === undefined ? handleNow(event, progress) : handleAfter(gap, event, progress);
  },
  formatStatus: shown,
});

/** The client of an iterator. */
const readerClient: ResilientClient = /* @__PURE__ */ withoutHandleFailed(resilientClient);

/** The client of `handleBatch`: `handleEvent` gets the events that are to be handled alone. */
function batchClient({ handleBatch, maxBatch = 500 }: BatchOptions): ResilientClient {
  const batches: Batching<Progress> = {
    max: maxBatch,
    isApart,
    handle: (events, progress) => {
      const pending = handleBatch(events, progress.context);
      return isThenable(pending)
        ? pending.then(() => acknowledgeAll(events, progress))
        : acknowledgeAll(events, progress);
    },
  };
  const handleEvent = (event: ServerSentEvent, progress: Progress): EventAnswer =>
    progress.apart?.event === event ? progress.apart.handle() : handleNow(event, progress);
  return { ...readerClient, handleEvent, [batching]: batches } as ResilientClient;
}

/**
 * Whether `until`, `renew` or `gapOf` concerns the event, or fails: asked once, before the events
 * in front of it are handled. The events after it wait until they are.
 */
function isApart(event: ServerSentEvent, progress: Progress): boolean {
  if (progress.apart?.event === event) {
    return true;
  }
  try {
    const handle = reactionTo(event, progress);
    progress.apart = handle && { event, handle };
  } catch (error) {
    const handle = (): never => {
      throw error;
    };
    progress.apart = { event, handle };
  }
  return progress.apart !== undefined;
}

function reactionTo(event: ServerSentEvent, progress: Progress): (() => EventAnswer) | undefined {
  const { context, options, sent, hasGap } = progress;
  const { until, renew, gapOf } = options;
  const gap = gapOf === undefined || hasGap ? undefined : gapInEvent(event, sent, gapOf);
  if (gap !== undefined) {
    return () => handleAfter(gap, event, progress);
  }
  if (until !== undefined && isTrue('until', until(event, context))) {
    return () => end(progress);
  }
  if (renew !== undefined && isTrue('renew', renew(event, context))) {
    return () => renewed(acknowledge(event, progress));
  }
  return undefined;
}

function acknowledgeAll(events: readonly ServerSentEvent[], progress: Progress): Progress {
  const last = events.at(-1);
  return last === undefined ? progress : acknowledge(last, progress);
}

function handleNow(event: ServerSentEvent, progress: Progress): EventAnswer {
  const { context, options } = progress;
  const { until, renew, handle } = options;
  if (until !== undefined && isTrue('until', until(event, context))) {
    return end(progress);
  }
  if (renew !== undefined && isTrue('renew', renew(event, context))) {
    return renewed(acknowledge(event, progress));
  }
  const pending = handle(event, context);
  // Any other value, such as the number that `array.push` returns, has no meaning.
  return isThenable(pending)
    ? acknowledgeLater(pending, event, progress)
    : acknowledge(event, progress);
}

/**
 * The user hears of a gap before the event that tells of it is handled. An error of `handleGap` is
 * one of that event, and the gap is reported again when the event comes again.
 */
async function handleAfter(
  gap: Gap,
  event: ServerSentEvent,
  progress: Progress,
): Promise<Progress | Answer> {
  await tellGap(gap, progress);
  return handleNow(event, progress);
}

async function answerAfter(gap: Gap, progress: Progress): Promise<Answer> {
  await tellGap(gap, progress);
  return noreply(progress);
}

async function tellGap(gap: Gap, progress: Progress): Promise<void> {
  notify(progress, { type: 'gap', ...gap });
  await progress.options.handleGap?.(gap, progress.context);
  progress.hasGap = true;
}

/** The state as reports show it. */
function shown({ url, lastEventId, sent, failuresInARow, options }: Progress): object {
  const cursor = options.cursorOf === undefined ? {} : { sentCursor: sent.cursor };
  return { url, lastEventId, ...cursor, failuresInARow };
}

/**
 * Warns that a request such as a POST will be sent again after each complete answer, too: once for
 * each client, and not again when it is restarted.
 */
function warnOfRepeats(options: ResilientOptions, self: Process): void {
  const { id, method, until } = options;
  if (until === undefined && isRepeatedEffect(options) && !warned.has(options)) {
    warned.add(options);
    loggerOf(self).warn(
      { id, method },
      `${String(self.pid)}: ${method} is sent again after each end of its stream, as \`reconnect: true\` asks. ` +
        'If an event completes the stream, name it with `until`; if none does, `until: () => false`',
    );
  }
}

/** A client that is restarted begins with the same options. */
const warned = new WeakSet<ResilientOptions>();

/**
 * A function of its own: in `handleEvent` the closure over the event would cost every event a
 * context, called or not.
 */
function acknowledgeLater(
  pending: Promise<unknown>,
  event: ServerSentEvent,
  progress: Progress,
): Promise<Progress> {
  return pending.then(() => acknowledge(event, progress));
}

/** The event is handled: from now on a new connection resumes after it. */
function acknowledge(event: ServerSentEvent, progress: Progress): Progress {
  progress.lastEventId = event.lastEventId;
  progress.failuresInARow = 0;
  return progress;
}

async function answerFailure(
  handleFailed: HandleFailed,
  { event, error, attempt: count }: FailedEvent,
  progress: Progress,
): Promise<Progress | Redeliver<Progress>> {
  const answer = await handleFailed(event, error, { ...progress.context, attempt: count });
  assertFailedAnswer(answer);
  return answer === 'skip'
    ? acknowledge(event, progress)
    : redeliver(progress, { after: answer.retryAfter });
}

/** The first attempt; a client that was restarted may have to wait for it. */
function begin(progress: Progress): Connect<Progress> {
  const after = progress.pace.wait;
  tellWait(progress, { type: 'restarted' }, after);
  return attempt(progress, after);
}

/** Tells that the budget of requests makes a connection wait, if it does. */
function tellWait(progress: Progress, failure: Restarted | Renewed, after: number): void {
  if (after > 0) {
    notify(progress, { type: 'disconnected', reason: failure.type, failure, after });
  }
}

function attempt(progress: Progress, after = 0): Connect<Progress> {
  const { responseTimeout: requestTimeout } = progress.options;
  return connect(sourceOf(progress), progress, { after, requestTimeout });
}

/** The server asks for a new connection: it does not count as a failure. */
function renewed(progress: Progress): Reconnect<Progress> {
  tellWait(progress, { type: 'renewed' }, progress.pace.wait);
  const { responseTimeout: requestTimeout } = progress.options;
  return reconnect(sourceOf(progress), progress, { requestTimeout });
}

function sourceOf(progress: Progress): RequestFunction {
  return (context) => requestFor(progress, context);
}

async function requestFor(progress: Progress, context: RequestContext): Promise<SseRequest> {
  const { options } = progress;
  if (progress.failuresInARow === 0) {
    progress.failingSince = progress.clock.now();
  }
  progress.failuresInARow += 1;
  const { lastEventId, cursor } = resumptionPoint(progress, context);
  const ownContext: RequestContext = { ...context, lastEventId, cursor };
  tellUnsendable(lastEventId, progress);
  progress.sent = { lastEventId, cursor };
  notify(progress, { type: 'connecting', attempt: context.attempt });
  const { headers, body, ...rest } = requestIn(options);
  const url = await resolve(options.url, ownContext);
  progress.url = redact(String(url));
  const ownHeaders = headers && (await resolve(headers, ownContext));
  const ownBody = body && (await resolve(body, ownContext));
  return {
    ...rest,
    url,
    ...(ownHeaders === undefined ? {} : { headers: ownHeaders }),
    ...(ownBody === undefined ? {} : { body: ownBody }),
    lastEventId,
  };
}

/** Reports an id that cannot be sent: once, with the first attempt that goes without it. */
function tellUnsendable(lastEventId: string, progress: Progress): void {
  if (lastEventId !== '' && lastEventId !== progress.sent.lastEventId && !isSendable(lastEventId)) {
    notify(progress, { type: 'ignored', lastEventId, reason: 'unsendable' });
  }
}

/** The id is that of the cursor, if there is a cursor and it has one. */
function resumptionPoint({ options, lastEventId: own }: Progress, context: RequestContext): Sent {
  const lastEventId = options.cursor === undefined ? own : context.lastEventId || own;
  return { lastEventId, cursor: options.cursorOf === undefined ? lastEventId : context.cursor };
}

function react(failure: Failure, progress: Progress): Answer {
  const verdict = verdictOf(failure, progress);
  if (typeof verdict === 'object') {
    return retry(failure, progress, progress.pace.exactly(verdict.retryAfter));
  }
  switch (verdict) {
    case 'end':
      progress.pace.refused();
      return end(progress);
    case 'fatal':
      return giveUp(failure, progress);
    case 'refresh':
      progress.isRefreshed = true;
      // At once, unless attempts fail again and again: then new headers wait like everything else.
      return progress.pace.isRepeating || progress.pace.wait > 0 || isSpent(progress, 0)
        ? retry(failure, progress)
        : attempt(progress);
    case 'retry':
    default:
      return retry(failure, progress);
  }
}

function verdictOf(
  failure: Failure,
  { options, isRefreshed, isStuck, sent }: Progress,
): Verdict | RetryAfter {
  const isUseless = failure.type === 'tooLarge' && isStuck;
  const usual = isRefused(sent, failure) ? 'retry' : classify(failure);
  const verdict = isSentAgain(options) && !isUseless ? usual : finalVerdict(failure, options);
  // New credentials can come only from a function, and the client asks for them once.
  const canRefresh = typeof options.headers === 'function' && !isRefreshed;
  const allowed = verdict === 'refresh' && !canRefresh ? 'fatal' : verdict;
  const decided = options.classify?.(failure, allowed);
  assertVerdict(decided);
  return decided ?? allowed;
}

/** The next request goes without an id or a position that may have made this one too long. */
function leaveOutRefused(failure: Failure, progress: Progress): void {
  const { sent, options } = progress;
  if (isRefused(sent, failure)) {
    const { lastEventId, cursor } = sent;
    const own = options.cursorOf === undefined ? {} : { cursor };
    progress.lastEventId = '';
    notify(progress, { type: 'ignored', lastEventId, ...own, reason: 'refused' });
  }
}

function isRefused({ lastEventId, cursor }: Sent, failure: Failure): boolean {
  return isRefusalOf(lastEventId, failure) || isRefusalOf(cursor, failure);
}

/**
 * Whether an event above the limit has come twice at one position. Without ids it may be another
 * one, if events came between.
 */
function isStuck({ type, lastEventId }: Disconnected, progress: Progress): boolean {
  const hasMoved = lastEventId === '' && progress.failuresInARow === 0;
  const isAgain = type === 'tooLarge' && !hasMoved && progress.tooLargeAfter === lastEventId;
  if (hasMoved) {
    progress.tooLargeAfter = undefined;
  } else if (type === 'tooLarge') {
    progress.tooLargeAfter = lastEventId;
  }
  return isAgain;
}

/**
 * The verdict where the request is not sent again: everything is final. An end without `until` is a
 * good one; with `until`, the stream ended too early.
 */
function finalVerdict(failure: Failure, { until }: ResilientOptions): Verdict {
  const isComplete = failure.type === 'closed' && until === undefined;
  return isComplete || classify(failure) === 'end' ? 'end' : 'fatal';
}

function retry(
  failure: Failure,
  progress: Progress,
  wanted: number = delayAfter(failure, progress),
): Answer {
  // With `maxDelay: Infinity`, say, the delays grow above the largest delay that a timer accepts.
  const after = Math.min(wanted, Number.MAX_SAFE_INTEGER);
  if (isSpent(progress, after)) {
    return giveUp(failure, progress);
  }
  leaveOutRefused(failure, progress);
  notify(progress, { type: 'disconnected', reason: formatFailure(failure), failure, after });
  return attempt(progress, after);
}

function delayAfter(failure: Failure, { pace, options }: Progress): number {
  return pace.delay(
    failure.type === 'status'
      ? requestedDelay(failure.headers, pace.date, options.maxRetryAfter)
      : 0,
  );
}

/** Whether an attempt `after` ms from now would exceed a limit. */
function isSpent(
  { failuresInARow, failingSince, clock, options }: Progress,
  after: number,
): boolean {
  const { maxAttempts = Infinity, maxElapsed = Infinity } = options;
  const elapsed = failuresInARow === 0 ? 0 : clock.now() - failingSince;
  return failuresInARow >= maxAttempts || elapsed + after >= maxElapsed;
}

function end(progress: Progress): Answer {
  notify(progress, { type: 'ended' });
  return stop(normal, progress);
}

function giveUp(failure: Failure, progress: Progress): Answer {
  const reason = reasonOf(failure, progress);
  progress.pace.refused();
  notify(progress, { type: 'gaveUp', reason, failure });
  const ending =
    progress.options.giveUpWith === 'shutdown'
      ? shutdownWith(failure)
      : crash(new Error(`gave up: ${reason}`, { cause: failure }));
  return stop(ending, progress);
}

function reasonOf(failure: Failure, { isStuck, lastEventId }: Progress): string {
  const place = lastEventId === '' ? '' : ` after the id ${describe(lastEventId)}`;
  const again =
    failure.type === 'tooLarge' && isStuck ? `, again${place}: it takes a larger maxEventSize` : '';
  return formatFailure(failure) + again;
}

function notify({ options, context }: Progress, change: StatusChange): void {
  callListener(context.self, 'onStatus', () => options.onStatus?.(change, context));
}

/** For the results of `handle` alone, which keeps its call site monomorphic. */
function isThenable(value: unknown): value is Promise<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
