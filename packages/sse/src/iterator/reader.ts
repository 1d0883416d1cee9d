import {
  type ChildSpec,
  createSystem,
  exit,
  ExitError,
  type ExitMessage,
  type ExitReason,
  isAlive,
  kill,
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
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../http/failure.ts';
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
  response: EventStreamResponse | undefined = undefined;
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
  #watcherHasEnded: () => void = () => undefined;
  /** Not `Promise.withResolvers`: the system tells of a Node that is too old to have it. */
  readonly #gone: Promise<void> = new Promise((resolve) => {
    this.#watcherHasEnded = resolve;
  });

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
    try {
      this.#parent ??= this.#ownSystem = createSystem({ logger: warning, slowCallback: Infinity });
      this.#watcher = spawn<ExitMessage>(this.#parent, (self) => this.#watch(self));
      this.#parent.signal.addEventListener('abort', this.#orphaned);
    } catch (error) {
      this.#handoff.end({ type: 'failed', error });
      void this.#leave();
    }
  }

  /**
   * The body of the watcher: starts the client and waits for its exit. It does not run at all if
   * the reader stops before the first turn of the watcher.
   */
  async #watch(self: Receiver<ExitMessage>): Promise<void> {
    self.signal.addEventListener('abort', () => {
      this.#watcherHasEnded();
      this.#ended((self.signal.reason as ExitError).reason);
    });
    trapExit(self, true);
    this.#client = await this.#spec.start(self);
    if (this.#isOver) {
      // The reader stopped in the instant in which the start succeeded.
      this.#kill(this.#client);
    }
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

  /** The parent has ended. Not linked to it: a watcher that is killed must not end its parent. */
  readonly #orphaned = (): void => {
    this.#handoff.end({ type: 'failed', error: this.#parent?.signal.reason });
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
      this.#parent.signal.removeEventListener('abort', this.#orphaned);
      this.#kill(this.#client ?? this.#watcher);
      // A watcher that was killed before its first turn has no body that could tell of its end.
      await (isAlive(this.#watcher) ? this.#gone : undefined);
      await (this.#cursor && lastWriting(this.#cursor));
    }
    await this.#ownSystem?.stop();
  }

  /** As a signal of the system: those of a parent that has ended are dropped. */
  #kill(pid: Pid | undefined): void {
    if (this.#parent !== undefined && pid !== undefined) {
      exit(this.#parent.system, pid, kill);
    }
  }
}

/**
 * The reader gets every error of the client, and a log of it would be a second report. A warning
 * has no other way out, and neither has the error of a listener.
 */
const warning: Logger = {
  error: (details, message) => {
    if ('listener' in details) {
      process.emitWarning(message);
    }
  },
  warn: (_details, message) => {
    process.emitWarning(message);
  },
};

function errorOf(reason: ExitReason): unknown {
  if (reason.type === 'crash') {
    // A start that failed ends the watcher, with the error of the start.
    return reason.error instanceof ExitError ? errorOf(reason.error.reason) : reason.error;
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
