import { Timer } from '../host/timers.ts';
import type { Destination } from '../process/address.ts';
import type { Cell, Runtime } from '../process/cell.ts';
import { type ExitError } from '../process/exit-error.ts';
import { type ExitReason, noproc, timeout } from '../process/exit-reason.ts';
import type { CallMessage } from './messages.ts';

declare const requested: unique symbol;

/** A question that was asked and whose answer is still to be fetched, once. */
export interface RequestId<out Value = unknown> {
  readonly [requested]: Value;
}

/** What came of a question: the reply, or why there will be none. */
export type Response<Value = unknown> =
  | { readonly type: 'reply'; readonly value: Value }
  | { readonly type: 'error'; readonly reason: ExitReason; readonly server: Destination };

/** Which of several questions it is that a response came to. */
export interface Labelled<out Value = unknown, out Label = unknown> {
  readonly request: RequestId<Value>;
  readonly label: Label;
}

/** There is no response yet. */
export interface TimedOut {
  readonly type: 'timeout';
}

/** There is nothing to wait for: every response was fetched, or given up. */
export interface NoRequest {
  readonly type: 'noRequest';
}

/** The message is none of the responses asked for. */
export interface NoResponse {
  readonly type: 'noReply';
}

/**
 * Tells the process that asked, in its mailbox, that the response is there: for `checkResponse`.
 */
export interface ResponseMessage<out Value = unknown> {
  readonly type: 'response';
  readonly request: RequestId<Value>;
}

let answeredSoFar = 0;

/**
 * What a `RequestId` is at run time: its fields are private, so that a message that holds one
 * prints no more than that.
 */
export class Pending {
  readonly #call: CallMessage | undefined;
  readonly #asker: Cell | undefined;
  #response: Response | undefined = undefined;
  #message: ResponseMessage | undefined = undefined;
  #wait: Wait | undefined = undefined;
  #order = Infinity;
  #isOver = false;

  /** Without a call nobody was there to be asked. */
  constructor(server: Destination, call: CallMessage | undefined, asker: Cell | undefined) {
    this.#call = call;
    this.#asker = asker;
    if (call === undefined) {
      this.#answered({ type: 'error', reason: noproc, server });
      return;
    }
    call.promise.then(
      (value) => {
        this.#answered({ type: 'reply', value });
      },
      (thrown: ExitError) => {
        this.#answered({ type: 'error', reason: thrown.reason, server });
      },
    );
  }

  /** Which answer of all it was; `Infinity` as long as there is none. */
  get order(): number {
    return this.#order;
  }

  /** Its response was fetched, or given up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Where time is that of the wait for it. Without a call it was answered at once, and never waited
   * for.
   */
  get runtime(): Runtime {
    return (this.#call as CallMessage).server.runtime;
  }

  isToldBy(message: unknown): boolean {
    return message !== undefined && message === this.#message;
  }

  #answered(response: Response): void {
    if (this.#isOver) {
      return;
    }
    answeredSoFar += 1;
    this.#order = answeredSoFar;
    this.#response = response;
    if (this.#wait !== undefined) {
      this.#wait.end(this);
    } else if (this.#asker !== undefined) {
      this.#message = { type: 'response', request: idOf(this) };
      this.#asker.pushSystem(this.#message);
    }
  }

  take(): Response {
    const response = this.#response as Response;
    this.#isOver = true;
    this.#response = undefined;
    if (this.#message !== undefined) {
      this.#asker?.flush((message) => message === this.#message);
    }
    return response;
  }

  giveUp(): void {
    this.#isOver = true;
    this.#call?.fail(timeout);
  }

  get isWaitedFor(): boolean {
    return this.#wait !== undefined;
  }

  waitFor(wait: Wait | undefined): void {
    this.#wait = wait;
  }
}

/** Somebody waits for the first answer to any of some requests. */
export class Wait extends Timer {
  readonly #open: readonly Pending[];
  readonly #end: (answered: Pending | undefined) => void;

  constructor(open: readonly Pending[], end: (answered: Pending | undefined) => void) {
    super();
    this.#open = open;
    this.#end = end;
  }

  start(ms: number): void {
    if (this.#open.some(({ isWaitedFor }) => isWaitedFor)) {
      throw new Error('Expected a request that nobody waits for, got one that is waited for');
    }
    const answered = firstAnswered(this.#open);
    if (answered !== undefined || ms === 0) {
      this.#end(answered);
      return;
    }
    for (const pending of this.#open) {
      pending.waitFor(this);
    }
    if (ms < Infinity) {
      this.#runtime.timers.start(this, ms);
    }
  }

  fire(): void {
    this.end(undefined);
  }

  end(answered: Pending | undefined): void {
    for (const pending of this.#open) {
      pending.waitFor(undefined);
    }
    this.#runtime.timers.stop(this);
    this.#end(answered);
  }

  get #runtime(): Runtime {
    return (this.#open[0] as Pending).runtime;
  }
}

/** In the order in which they were answered, not that of the questions. */
function firstAnswered(open: readonly Pending[]): Pending | undefined {
  let first: Pending | undefined;
  for (const pending of open) {
    if (pending.order < (first?.order ?? Infinity)) {
      first = pending;
    }
  }
  return first;
}

export function idOf(pending: Pending): RequestId<never> {
  return pending as unknown as RequestId<never>;
}
