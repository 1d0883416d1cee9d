import { type Cell, nameOf, type Wait } from '../process/cell.ts';
import { ExitError, TimeoutError } from '../process/exit-error.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { loggerFor } from '../process/extras.ts';
import { formatReason } from '../process/format-reason.ts';
import { Request } from '../process/request.ts';
import { type Cycle, cycleOf } from './call-cycle.ts';

/**
 * A question to a server, whose promise is settled once: by the answer, the timeout, or the end of
 * the server.
 */
export abstract class Question extends Request implements Wait {
  readonly server: Cell;
  readonly promise: Promise<unknown>;
  /** The process that asks, if it is known: for finding cycles. */
  protected readonly caller: Cell | undefined;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (thrown: unknown) => void;
  #isOpen = true;
  /** Whether it has no timeout. Not a field of the subclass: that would slow each call down. */
  protected isEndless = false;

  constructor(server: Cell, caller: Cell | undefined) {
    super();
    this.server = server;
    this.caller = caller;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    server.addRequest(this);
    caller?.addWait(this);
  }

  get target(): Cell {
    return this.server;
  }

  /** Whether it has no outcome yet. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Not in the constructor: calls need a short one. A full mailbox may have failed it already. */
  startTimeout(timeout: number): void {
    this.isEndless = timeout === Infinity;
    if (!this.isEndless && this.#isOpen) {
      this.server.runtime.timers.start(this, timeout);
    }
  }

  /** Starts its timeout. With one of 0 no answer can come in time, however fast the server is. */
  expireAfter(timeout: number): void {
    if (timeout === 0) {
      this.fire();
    } else {
      this.startTimeout(timeout);
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

  /** Its timeout has passed; `cycle`: why there can be no answer, if that is known. */
  protected expire(cycle: Cycle | undefined): void {
    if (this.#close()) {
      this.expired();
      this.#reject(
        cycle === undefined
          ? new TimeoutError(`${this.what()} was not answered in time${this.#why()}`)
          : new ExitError(cycle.reason, this.what()),
      );
    }
  }

  /** Why the server does not answer, if that is known. */
  #why(): string {
    const { awaitedCallback, awaitingSince, runtime } = this.server;
    if (awaitingSince === undefined) {
      return '';
    }
    const seconds = Math.round((runtime.clock.now() - awaitingSince) / 1000);
    return `: the promise of its ${awaitedCallback} has not settled for ${seconds} s`;
  }

  /** False when it was answered, or had failed, before: a second outcome is dropped. */
  #close(): boolean {
    const wasOpen = this.#isOpen;
    if (wasOpen) {
      this.#isOpen = false;
      this.server.removeRequest(this);
      this.server.runtime.timers.stop(this);
      this.caller?.removeWait(this);
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

  /** It got no answer within its timeout. */
  protected expired(): void {}
}

/** The starts that a warning has named: it comes once for each. */
const named = /* @__PURE__ */ new WeakSet<Wait>();

/**
 * Why there may be no answer to a question of an unknown caller: the server waits for the start of
 * a process, which may be that caller.
 */
function startIn(server: Cell): string | undefined {
  for (const wait of server.waits ?? []) {
    if (wait.isStart === true && !named.has(wait)) {
      named.add(wait);
      return `${nameOf(server)} waits for the start of ${nameOf(wait.target as Cell)}, which may have asked it`;
    }
  }
  return undefined;
}

/** In ms: when a question without a timeout is examined for a cycle. */
const longWait = 5000;

/** A question in the mailbox of the server, which never takes it while it waits for the caller. */
export abstract class QueuedQuestion extends Question {
  override startTimeout(timeout: number): void {
    super.startTimeout(timeout);
    // After an `await` in `init` the caller is unknown: it may ask its own supervisor.
    if (this.isEndless && this.isOpen && (this.caller ?? this.server.waits) !== undefined) {
      this.server.runtime.timers.start(this, longWait);
    }
  }

  fire(): void {
    // First: the end of this question breaks the cycle.
    const cycle = this.caller && cycleOf(this.caller, this);
    if (!this.isEndless) {
      this.expire(cycle);
      return;
    }
    const why = cycle === undefined ? this.#suspicion() : formatReason(cycle.reason);
    if (why !== undefined) {
      this.#warn(cycle, why);
    }
  }

  #suspicion(): string | undefined {
    return this.caller === undefined ? startIn(this.server) : undefined;
  }

  /** One warning for a cycle, also when all its questions have no timeout. */
  #warn(cycle: Cycle | undefined, why: string): void {
    for (const wait of cycle?.waits ?? []) {
      wait.named?.();
    }
    loggerFor(this.caller ?? this.server).warn(
      { processes: cycle?.reason.processes },
      `${this.what()} has had no answer for ${longWait / 1000} s: ${why}`,
    );
  }

  named(): void {
    if (this.isEndless) {
      this.server.runtime.timers.stop(this);
    }
  }
}
