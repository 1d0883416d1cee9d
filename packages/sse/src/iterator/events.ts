import {
  type ChildSpec,
  createSystem,
  exit,
  ExitError,
  type ExitMessage,
  type ExitReason,
  kill,
  killed,
  type Logger,
  normal,
  type Pid,
  type Process,
  type Receiver,
  spawn,
  type System,
  trapExit,
} from '@reprise/actor';

import type { HandleContext } from '../client/context.ts';
import { lastWriting } from '../cursor/keys-in-use.ts';
import { type Cursor, type CursorOptions, cursorOptions } from '../cursor/options.ts';
import { streamKey } from '../cursor/stream-key.ts';
import type { ServerSentEvent } from '../format/event.ts';
import type { EventSchemas, TypedEvent, TypedHandlers } from '../format/typed-events.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import type { ResilientOptions, StreamOptions } from '../resilient/options.ts';
import { resilient } from '../resilient/resilient.ts';
import { GaveUpError } from './gave-up-error.ts';
import { Handoff } from './handoff.ts';

export interface EventsOptions extends StreamOptions {
  /** Where the id of the last event handled is kept. Default: nowhere. */
  readonly cursor?: Cursor;
  /** Ends the stream: whoever waits for an event is told `signal.reason`. */
  readonly signal?: AbortSignal;
  /** The process whose system the client lives in, and ends with. Default: a system of its own. */
  readonly parent?: Process<never>;
}

export interface TypedEventsOptions<Schemas extends EventSchemas> extends EventsOptions {
  /** By the type of the event; its data is parsed and checked. */
  readonly events: Schemas;
  /** Is given the events that are not what the schemas say. */
  readonly handleInvalid: TypedHandlers<Schemas, HandleContext>['handleInvalid'];
}

/** Events as they come, to be read once. */
export type EventIterator<Event> = AsyncIterableIterator<Event, undefined> & AsyncDisposable;

/**
 * The events of a stream, for code that wants no process: `for await (const event of events(url)) {
 * … }`. It reconnects, waits and gives up as `resilient` does. The request is sent when the first
 * event is asked for, and while nobody asks nothing is read. An event is acknowledged, and so is
 * what a new connection goes on from, when the next one is asked for.
 *
 * Ends when the stream does (204, `until`, the end of a POST); `break` closes the socket at once.
 * Throws while it is read: a `GaveUpError` when it gives up, `signal.reason` when it is aborted, and what a function of the options throws.
 *
 * Throws a `TypeError` or `RangeError` at once for a request that can never be sent.
 */
export function events<Schemas extends EventSchemas>(
  url: ResilientOptions['url'],
  options: TypedEventsOptions<Schemas>,
): EventIterator<TypedEvent<Schemas>>;
export function events(
  url: ResilientOptions['url'],
  options?: EventsOptions,
): EventIterator<ServerSentEvent>;
export function events(
  url: ResilientOptions['url'],
  { signal, parent, cursor, ...options }: EventsOptions = {},
): EventIterator<unknown> {
  const handoff = new Handoff<unknown>();
  const keyed =
    cursor && cursorOptions(cursor, typeof url === 'function' ? undefined : streamKey(url));
  const spec = resilient({
    id: 'events',
    url,
    ...options,
    // What went wrong is told to who reads, and need not be reported besides.
    giveUpWith: 'shutdown',
    handle: (event: unknown) => handoff.give(event),
    ...(keyed === undefined ? {} : { cursor: keyed }),
  } as ResilientOptions<'events'>);
  return new Reader({ handoff, spec, signal, parent, cursor: keyed });
}

/**
 * `events` as a web stream, with the same options, that reads nothing ahead; to cancel it closes
 * the socket at once.
 */
export function eventStream<Schemas extends EventSchemas>(
  url: ResilientOptions['url'],
  options: TypedEventsOptions<Schemas>,
): ReadableStream<TypedEvent<Schemas>>;
export function eventStream(
  url: ResilientOptions['url'],
  options?: EventsOptions,
): ReadableStream<ServerSentEvent>;
export function eventStream(
  url: ResilientOptions['url'],
  options?: EventsOptions,
): ReadableStream<unknown> {
  const iterator = events(url, options);
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { value, done } = await iterator.next();
        if (done === true) {
          controller.close();
        } else {
          controller.enqueue(value);
        }
      },
      cancel: async () => {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

interface Reading {
  readonly handoff: Handoff<unknown>;
  readonly spec: ChildSpec<string, Pid>;
  readonly signal: AbortSignal | undefined;
  readonly parent: Process<never> | undefined;
  readonly cursor: (CursorOptions & { readonly key: string }) | undefined;
}

/**
 * Starts the client when the first event is asked for, and takes it along when nobody will ask any
 * more.
 */
class Reader implements EventIterator<unknown> {
  readonly #handoff: Handoff<unknown>;
  readonly #spec: ChildSpec<string, Pid>;
  readonly #signal: AbortSignal | undefined;
  readonly #cursor: Reading['cursor'];
  #parent: Process<never> | undefined;
  #ownSystem: System | undefined = undefined;
  #keeper: Pid | undefined = undefined;
  #client: Pid | undefined = undefined;
  #isOver = false;
  readonly #gone: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor({ handoff, spec, signal, parent, cursor }: Reading) {
    this.#handoff = handoff;
    this.#spec = spec;
    this.#signal = signal;
    this.#parent = parent;
    this.#cursor = cursor;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#keeper === undefined && !this.#isOver) {
      this.#start();
    }
    return this.#handoff.take();
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#handoff.end({ type: 'done' });
    await this.#leave();
    return { value: undefined, done: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #start(): void {
    if (this.#signal?.aborted === true) {
      this.#aborted();
      return;
    }
    this.#signal?.addEventListener('abort', this.#aborted);
    this.#parent ??= this.#ownSystem = createSystem({ logger: silent });
    try {
      this.#keeper = spawn<ExitMessage>(this.#parent, (self) => this.#keep(self));
    } catch (error) {
      this.#handoff.end({ type: 'failed', error });
    }
  }

  /**
   * The body of the process that the client is linked to: it stays as long as the client, and tells
   * of its end.
   */
  async #keep(self: Receiver<ExitMessage>): Promise<void> {
    self.signal.addEventListener('abort', () => {
      this.#gone.resolve();
      this.#ended(killed);
    });
    trapExit(self, true);
    this.#client = await this.#spec.start(self);
    const { reason } = await self.receive();
    this.#ended(reason);
  }

  #ended(reason: ExitReason): void {
    this.#handoff.end(
      reason.type === normal.type ? { type: 'done' } : { type: 'failed', error: errorOf(reason) },
    );
    void this.#leave();
  }

  readonly #aborted = (): void => {
    this.#handoff.end({ type: 'failed', error: this.#signal?.reason });
    void this.#leave();
  };

  /**
   * The client is killed rather than asked: it may be in the middle of an event that nobody will
   * take from it. Its keeper sees it end.
   */
  async #leave(): Promise<void> {
    this.#isOver = true;
    this.#signal?.removeEventListener('abort', this.#aborted);
    if (this.#parent !== undefined && this.#keeper !== undefined) {
      exit(this.#parent, this.#client ?? this.#keeper, kill);
      await this.#gone.promise;
      await (this.#cursor && lastWriting(this.#cursor));
    }
    await this.#ownSystem?.stop();
  }
}

/** What the client cannot deal with is thrown to who reads; its report would say it twice. */
const silent: Logger = { error: () => undefined, warn: () => undefined };

function errorOf(reason: ExitReason): unknown {
  if (reason.type === 'crash') {
    return reason.error;
  }
  if (reason.type === 'shutdown' && reason.detail !== undefined) {
    const failure = reason.detail as ConnectFailure | Disconnect;
    return new GaveUpError(failure);
  }
  return new ExitError(reason, 'the client exited');
}
