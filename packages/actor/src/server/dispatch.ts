import { describe } from '../describe.ts';
import { nameOf } from '../process/cell.ts';
import { ExitRequest } from '../process/exit-error.ts';
import { undef } from '../process/exit-reason.ts';
import { loggerFor } from '../process/extras.ts';
import type { AnyBehaviour } from './behaviour.ts';
import { type Callback, clauseOf } from './erased-behaviour.ts';
import { ServerLifecycle } from './lifecycle.ts';
import type { CallMessage, CastMessage } from './messages.ts';

/** Finds the callback for a message, and calls it. */
export abstract class ServerDispatch extends ServerLifecycle {
  #lastCast: string | undefined = undefined;
  #lastClause: Callback | undefined = undefined;

  /** Carries out the answer of a callback: at once, or when a promise for it settles. */
  protected abstract carryOut(result: unknown, callback: string): void;

  protected handleCast({ request, payload }: CastMessage): void {
    this.carryOut(this.#castClause(request)(payload, this.state, this), 'handleCast');
  }

  protected handleCall(message: CallMessage): void {
    const clause = clauseOf(this.behaviour, 'handleCall', message.request);
    this.carryOut(clause(message.payload, this.state, message, this), 'handleCall');
  }

  /** With the request, if it has one. The name is made here, and not for each awaited promise. */
  override get awaitedCallback(): string | undefined {
    const callback = super.awaitedCallback;
    return callback === 'handleCast' || callback === 'handleCall'
      ? `${callback}.${(this.lastMessage as CallMessage | CastMessage).request}`
      : callback;
  }

  /** Casts come in floods of one kind: the last clause is kept, which spares the look-up. */
  #castClause(request: string): Callback {
    if (this.#lastClause === undefined || request !== this.#lastCast) {
      this.#lastClause = clauseOf(this.behaviour, 'handleCast', request);
      this.#lastCast = request;
    }
    return this.#lastClause;
  }

  protected handleInfo(message: unknown): void {
    if (this.isExitOfParent(message)) {
      this.stop(message.reason);
    } else if (this.behaviour.handleInfo === undefined) {
      loggerFor(this).warn(
        { message: describe(message) },
        `${nameOf(this)} has no handleInfo: message dropped`,
      );
    } else {
      this.carryOut(this.behaviour.handleInfo(message, this.state, this), 'handleInfo');
    }
  }

  protected handleContinue(value: unknown): void {
    const { handleContinue } = this.behaviour;
    this.waits = undefined;
    if (handleContinue === undefined) {
      throw new ExitRequest(undef('handleContinue'));
    }
    this.carryOut(handleContinue(value, this.state, this), 'handleContinue');
  }

  override become(state: unknown, behaviour?: AnyBehaviour): void {
    super.become(state, behaviour);
    this.#lastClause = undefined;
  }
}
