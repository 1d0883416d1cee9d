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

import { lastWriting } from '../cursor/keys-in-use.ts';
import type { KeyedCursorOptions } from '../cursor/options.ts';
import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { GaveUpError } from './gave-up-error.ts';
import type { Handoff } from './handoff.ts';

export interface ReaderOptions {
  readonly handoff: Handoff<unknown>;
  readonly spec: ChildSpec<string, Pid>;
  readonly signal: AbortSignal | undefined;
  readonly parent: Process | undefined;
  readonly cursor: KeyedCursorOptions | undefined;
}

/**
 * The iterator of `events`: starts the client with the first `next`, and kills it when the reader
 * stops.
 */
export class Reader implements AsyncIterableIterator<unknown, undefined>, AsyncDisposable {
  readonly #handoff: Handoff<unknown>;
  readonly #spec: ChildSpec<string, Pid>;
  readonly #signal: AbortSignal | undefined;
  readonly #cursor: KeyedCursorOptions | undefined;
  #parent: Process | undefined;
  #ownSystem: System | undefined = undefined;
  /** The process that is linked to the client. */
  #watcher: Pid | undefined = undefined;
  #client: Pid | undefined = undefined;
  #isOver = false;
  readonly #gone: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor({ handoff, spec, signal, parent, cursor }: ReaderOptions) {
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
    if (this.#watcher === undefined && !this.#isOver) {
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
      this.#watcher = spawn<ExitMessage>(this.#parent, (self) => this.#watch(self));
    } catch (error) {
      this.#handoff.end({ type: 'failed', error });
    }
  }

  /** The body of the watcher: starts the client and waits for its exit. */
  async #watch(self: Receiver<ExitMessage>): Promise<void> {
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
   * Kills the client rather than stopping it: its `handle` may wait for a reader that will not ask
   * again. The watcher receives its exit.
   */
  async #leave(): Promise<void> {
    this.#isOver = true;
    this.#signal?.removeEventListener('abort', this.#aborted);
    if (this.#parent !== undefined && this.#watcher !== undefined) {
      exit(this.#parent, this.#client ?? this.#watcher, kill);
      await this.#gone.promise;
      await (this.#cursor && lastWriting(this.#cursor));
    }
    await this.#ownSystem?.stop();
  }
}

/** The reader gets every error of the client: a log of it would be a second report. */
const silent: Logger = { error: () => undefined, warn: () => undefined };

function errorOf(reason: ExitReason): unknown {
  if (reason.type === 'crash') {
    return reason.error;
  }
  if (reason.type === 'shutdown' && isFailure(reason.detail)) {
    return new GaveUpError(reason.detail);
  }
  return new ExitError(reason, 'the client exited');
}

/** A shutdown by `resilient` has the failure as its detail, a supervisor's has none. */
function isFailure(detail: unknown): detail is ConnectFailure | Disconnect {
  return detail !== undefined;
}
