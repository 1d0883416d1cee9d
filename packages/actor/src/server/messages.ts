import { isA, setBrand } from '../brand.ts';
import { describe } from '../describe.ts';
import { diagnostics } from '../host/diagnostics.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { type Envelope, markEnvelope } from '../process/envelope.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { QueuedQuestion } from './question.ts';

/** A cast in a mailbox: a class, so that no message of a user can be taken for one. */
export class CastMessage implements Envelope {
  static {
    setBrand(this, 'cast');
    markEnvelope(this);
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

/** A call in a mailbox, and the `From` that answers it. */
export class CallMessage extends QueuedQuestion implements Envelope {
  static {
    setBrand(this, 'call');
    markEnvelope(this);
  }

  readonly request: string;
  readonly payload: unknown;

  constructor(server: Cell, request: string, payload: unknown, caller: Cell | undefined) {
    super(server, caller);
    this.request = request;
    this.payload = payload;
  }

  unwrap(): unknown {
    return { call: this.request, payload: this.payload };
  }

  protected override expired(): void {
    if (diagnostics.callTimeout.hasSubscribers) {
      diagnostics.callTimeout.publish({ pid: this.server.pid, request: this.request });
    }
    this.server.runtime.witnesses?.tell('callTimedOut', this.server.pid, this.request);
  }

  protected what(): string {
    return `call ${describe(this.request)} to ${nameOf(this.server)}`;
  }
}

/** Whether the caller still waits for the reply: its timeout has not passed. */
export function isAwaited(from: unknown): boolean {
  return isA(from, CallMessage) && from.isOpen;
}

/** The part of a server that an order to stop needs. */
interface Stoppable {
  stop(reason: ExitReason): void;
}

/**
 * A request to the server itself, and not to its behaviour. It waits in the mailbox like any
 * message. A suspended server answers it, too, and it does not cancel an idle timeout.
 */
export abstract class SystemRequest extends QueuedQuestion {
  static {
    setBrand(this, 'system request');
  }

  abstract perform(server: Stoppable): void;
}

/** An order to end with `reason`. */
export class StopMessage extends SystemRequest {
  readonly reason: ExitReason;
  /** Whether the server ends because of this order, and not for an equal reason of its own. */
  #isTaken = false;

  constructor(server: Cell, reason: ExitReason, caller: Cell | undefined) {
    super(server, caller);
    this.reason = reason;
  }

  override fail(reason: ExitReason): void {
    if (this.#isTaken && isSameReason(reason, this.reason)) {
      this.answer(undefined);
    } else {
      super.fail(reason);
    }
  }

  perform(server: Stoppable): void {
    this.#isTaken = true;
    server.stop(this.reason);
  }

  protected what(): string {
    return `stop of ${nameOf(this.server)}`;
  }
}

/** Two processes may ask for the same end, each with an object of its own. */
function isSameReason(a: ExitReason, b: ExitReason): boolean {
  return a === b || (a.type === b.type && hasSameParts(a, b));
}

function hasSameParts(a: ExitReason, b: ExitReason): boolean {
  const other = new Map<string, unknown>(Object.entries(b));
  const own = Object.entries(a);
  return own.length === other.size && own.every(([key, value]) => other.get(key) === value);
}
