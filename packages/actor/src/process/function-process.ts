import { setImmediateOn } from '../host/clock.ts';
import { assertTimeout, Timer } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { Cell, pidAndLabel } from './cell.ts';
import { reportCrash } from './crash-report.ts';
import { ExitError, reasonOf } from './exit-error.ts';
import { type ExitReason, normal } from './exit-reason.ts';
import type { Mailbox } from './mailbox.ts';
import type { Process } from './process.ts';

/** A process that runs a function, which takes the messages itself. */
export interface Receiver<in out Message> extends Process<Message> {
  /**
   * Resolves with the oldest message that matches, or with the oldest of all, as soon as there is
   * one, and takes it out of the mailbox. The others stay, in order.
   *
   * `timeout`, in ms (default `Infinity`): resolves with `undefined` if there is no such message by
   * then; with 0 it does not wait.
   * @throws Error while an earlier `receive` still waits
   * @throws ExitError when the process has ended before
   * @see Erlang reference manual, "Expressions", section "Receive"
   */
  receive(options: { readonly timeout: number }): Promise<Message | undefined>;
  receive<Match extends Message>(match: (message: Message) => message is Match): Promise<Match>;
  receive(match?: (message: Message) => boolean): Promise<Message>;
  receive<Match extends Message>(
    match: (message: Message) => message is Match,
    options: { readonly timeout: number },
  ): Promise<Match | undefined>;
  receive(
    match: ((message: Message) => boolean) | undefined,
    options: { readonly timeout: number },
  ): Promise<Message | undefined>;
}

/** The code of a process: when it returns the process ends `normal`, when it throws as a crash. */
export type ProcessFunction<Message> = (self: Receiver<Message>) => void | Promise<void>;

type Match = (message: unknown) => boolean;

interface ReceiveOptions {
  readonly timeout: number;
}

const receiveKeys: KeysOf<ReceiveOptions> = { timeout: true };

/** A process that runs a function. */
export class FunctionProcess extends Cell implements Receiver<unknown> {
  #body: ProcessFunction<unknown> | undefined;
  #waiting: PendingReceive | undefined = undefined;

  constructor(parent: Cell, body: ProcessFunction<unknown>, mailbox: Mailbox | undefined) {
    super(parent.runtime, parent, mailbox);
    this.#body = body;
  }

  protected turn(): boolean {
    if (this.#body !== undefined) {
      this.#start(this.#body);
    } else if (this.#waiting !== undefined) {
      this.#offer(this.#waiting);
    }
    // The message that it takes is handled in microtasks, before the next process has its turn.
    this.runtime.scheduler.yieldToMicrotasks(this);
    const waiting = this.#waiting;
    return waiting !== undefined && (waiting.looksOnce || waiting.scanned < this.mailbox.length);
  }

  #start(body: ProcessFunction<unknown>): void {
    this.#body = undefined;
    const running = body(this);
    if (running === undefined) {
      this.end(normal);
      return;
    }
    Promise.resolve(running).then(
      () => {
        this.end(normal);
      },
      (thrown: unknown) => {
        this.failed(thrown);
      },
    );
  }

  protected failed(thrown: unknown): boolean {
    if (this.isAlive) {
      const reason = reasonOf(thrown);
      if (reason.type === 'crash' || reason.type === 'nocatch') {
        reportCrash(this, reason);
      }
      this.end(reason);
    }
    return false;
  }

  protected ended(): void {
    // A receive that waits never settles: the function does not go on.
    this.#settle();
    this.#body = undefined;
  }

  receive(first?: Match | ReceiveOptions, second?: ReceiveOptions): Promise<never> {
    const [match, options] =
      typeof first === 'function' ? [first, second] : [anyMessage, first ?? second];
    if (options !== undefined) {
      assertKnownKeys('receive', options, receiveKeys);
    }
    return this.#receive(match, options?.timeout ?? Infinity) as Promise<never>;
  }

  #receive(match: Match, timeout: number): Promise<unknown> {
    assertTimeout(timeout);
    if (this.#waiting !== undefined) {
      throw new Error(
        `${pidAndLabel(this)} is already waiting in receive: await it before the next one`,
      );
    }
    const result = Promise.withResolvers<unknown>();
    if (this.reason !== undefined) {
      this.#refuse(result, this.reason);
    } else {
      this.#waiting = new PendingReceive(match, result, timeout === 0, () => {
        this.#giveUp();
      });
      if (timeout > 0 && timeout < Infinity) {
        this.runtime.timers.start(this.#waiting, timeout);
      }
      // It looks at the mailbox in a turn of its own: a chain of receives that each find a message
      // at once must not starve the other processes. An empty mailbox needs no turn: it would come
      // before those of processes that get their messages first.
      if (this.status === 'idle' && (this.mailbox.length > 0 || timeout === 0)) {
        this.wake();
      }
    }
    return result.promise;
  }

  /**
   * The code of a process that has ended runs on up to here. It rejects later rather than at once:
   * code that ignores errors and receives again, in a loop, must not hold the thread for ever.
   */
  #refuse(result: PromiseWithResolvers<unknown>, reason: ExitReason): void {
    setImmediateOn(this.runtime.clock, () => {
      result.reject(new ExitError(reason, `receive of ${pidAndLabel(this)}, which has ended`));
    });
  }

  /** Timed out, but a message may have come that its turn has not looked at yet. */
  #giveUp(): void {
    if (this.#waiting !== undefined) {
      this.#offer(this.#waiting);
      this.#settle()?.resolve(undefined);
    }
  }

  /** Gives a receive the first message that it has not looked at and that matches. */
  #offer(waiting: PendingReceive): void {
    try {
      // `match` can change the mailbox, and put another in its place: both are read each time.
      for (let { mailbox } = this; waiting.scanned < mailbox.length; { mailbox } = this) {
        const at = waiting.scanned;
        const message = mailbox.at(at);
        waiting.scanned = at + 1;
        if (waiting.match(message)) {
          this.handled += 1;
          this.#remove(message, waiting.scanned === at + 1 ? at : 0);
          this.#settle()?.resolve(message);
          return;
        }
      }
      if (waiting.looksOnce) {
        this.#settle()?.resolve(undefined);
      }
    } catch (thrown) {
      this.#settle()?.reject(thrown);
    }
  }

  /** Takes a message out, which is at `from` or behind it, if it is there at all. */
  #remove(message: unknown, from: number): void {
    const { mailbox } = this;
    for (let at = from; at < mailbox.length; at++) {
      if (Object.is(mailbox.at(at), message)) {
        mailbox.removeAt(at);
        return;
      }
    }
  }

  /**
   * The receive looks at all messages again in its next turn: one may have come in the place of
   * another, or in front of all. A turn at once, without a new message, would come before those of
   * processes that have one.
   */
  override messagesMoved(): void {
    if (this.#waiting !== undefined) {
      this.#waiting.scanned = 0;
    }
  }

  #settle(): PendingReceive | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) {
      this.runtime.timers.stop(waiting);
    }
    return waiting;
  }
}

const anyMessage: Match = () => true;

/** A `receive` that waits for a message. The first `scanned` messages are known not to match. */
class PendingReceive extends Timer {
  readonly match: Match;
  readonly resolve: (message: unknown) => void;
  readonly reject: (thrown: unknown) => void;
  /** With a timeout of 0: it looks at the mailbox once. */
  readonly looksOnce: boolean;
  readonly fire: () => void;
  scanned = 0;

  constructor(
    match: Match,
    { resolve, reject }: PromiseWithResolvers<unknown>,
    looksOnce: boolean,
    giveUp: () => void,
  ) {
    super();
    this.match = match;
    this.resolve = resolve;
    this.reject = reject;
    this.looksOnce = looksOnce;
    this.fire = giveUp;
  }
}
