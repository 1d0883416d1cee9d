import { setBrand } from '../brand.ts';
import { describe } from '../describe.ts';
import { diagnostics } from '../host/diagnostics.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { type Envelope, markEnvelopes } from '../process/envelope.ts';
import { ExitError, TimeoutError } from '../process/exit-error.ts';
import { type ExitReason } from '../process/exit-reason.ts';
import { Request } from '../process/request.ts';

/** A cast in a mailbox: a class, so that no message of a user can be taken for one. */
export class CastMessage implements Envelope {
  static {
    setBrand(this, 'cast');
  }

  readonly request: string;
  readonly payload: unknown;

  constructor(request: string, payload: unknown) {
    this.request = request;
    this.payload = payload;
  }

  unwrap(): unknown {
    return { cast: this.request, payload: this.payload };
  }
}

/**
 * A question to a server, whose promise is settled once: by the answer, the timeout, or the end of
 * the server.
 */
export abstract class Question extends Request {
  readonly server: Cell;
  readonly promise: Promise<unknown>;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (thrown: unknown) => void;
  #isOpen = true;

  constructor(server: Cell, timeout: number) {
    super();
    this.server = server;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    server.addRequest(this);
    if (timeout < Infinity) {
      server.runtime.timers.start(this, timeout);
    }
  }

  /** With a timeout of 0 no answer can come in time, however fast the server is. */
  expireIfDue(timeout: number): void {
    if (timeout === 0) {
      this.fire();
    }
  }

  /** Names the question in an error. */
  protected abstract what(): string;

  answer(value: unknown): void {
    if (this.#close()) {
      this.answered(value);
      // The code that awaits the answer goes on in a microtask. The scheduler lets it run at once,
      // and not at the end of its slice, however busy other processes are.
      this.server.runtime.scheduler.yieldToMicrotasks();
    }
  }

  fail(reason: ExitReason): void {
    if (this.#close()) {
      this.failed(reason);
    }
  }

  fire(): void {
    if (this.#close()) {
      this.expired();
      this.#reject(new TimeoutError(`${this.what()} was not answered in time`));
    }
  }

  /** False when it was answered, or had failed, before: a second outcome is dropped. */
  #close(): boolean {
    const wasOpen = this.#isOpen;
    if (wasOpen) {
      this.#isOpen = false;
      this.server.removeRequest(this);
      this.server.runtime.timers.stop(this);
      this.closed();
    }
    return wasOpen;
  }

  /** Settles the promise. A subclass may give the outcome in another way. */
  protected answered(value: unknown): void {
    this.#resolve(value);
  }

  protected failed(reason: ExitReason): void {
    this.#reject(new ExitError(reason, this.what()));
  }

  /** It is answered, or has failed. */
  protected closed(): void {}

  /** Its timeout has passed. */
  protected expired(): void {}
}

/** A call in a mailbox, and the `From` that answers it. */
export class CallMessage extends Question implements Envelope {
  static {
    setBrand(this, 'call');
  }

  readonly request: string;
  readonly payload: unknown;

  /** The process that waits, if it is known: for finding cycles. */
  readonly #caller: Cell | undefined;

  constructor(
    server: Cell,
    request: string,
    payload: unknown,
    timeout: number,
    caller: Cell | undefined,
  ) {
    super(server, timeout);
    this.request = request;
    this.payload = payload;
    this.#caller = caller;
    if (caller !== undefined) {
      (caller.openCalls ??= new Set()).add(this);
    }
  }

  unwrap(): unknown {
    return { call: this.request, payload: this.payload };
  }

  protected override expired(): void {
    if (diagnostics.callTimeout.hasSubscribers) {
      diagnostics.callTimeout.publish({ pid: this.server.pid, request: this.request });
    }
  }

  protected override closed(): void {
    this.#caller?.openCalls?.delete(this);
  }

  protected what(): string {
    return `call ${describe(this.request)} to ${nameOf(this.server)}`;
  }
}

/** The part of a server that an order to stop needs. */
interface Stoppable {
  stop(reason: ExitReason): void;
}

/**
 * A request to the server itself, and not to its behaviour. It waits in the mailbox like any
 * message. A suspended server answers it, too, and it does not cancel an idle timeout.
 */
export abstract class SystemRequest extends Question {
  static {
    setBrand(this, 'system request');
  }

  abstract perform(server: Stoppable): void;
}

/** An order to end with `reason`. */
export class StopMessage extends SystemRequest {
  readonly reason: ExitReason;

  constructor(server: Cell, reason: ExitReason, timeout: number) {
    super(server, timeout);
    this.reason = reason;
  }

  override fail(reason: ExitReason): void {
    if (isSameReason(reason, this.reason)) {
      this.answer(undefined);
    } else {
      super.fail(reason);
    }
  }

  perform(server: Stoppable): void {
    server.stop(this.reason);
  }

  protected what(): string {
    return `stop of ${nameOf(this.server)}`;
  }
}

markEnvelopes(CastMessage, CallMessage);

/** Two processes may ask for the same end, each with an object of its own. */
function isSameReason(a: ExitReason, b: ExitReason): boolean {
  return a === b || (a.type === b.type && hasSameParts(a, b));
}

function hasSameParts(a: ExitReason, b: ExitReason): boolean {
  const other = new Map<string, unknown>(Object.entries(b));
  const own = Object.entries(a);
  return own.length === other.size && own.every(([key, value]) => other.get(key) === value);
}
