import { setBrand, isA, isForeign } from '../brand.ts';
import { describe } from '../describe.ts';
import { assertTimeout } from '../host/timers.ts';
import { assertKnownKeys, type KeysOf } from '../known-keys.ts';
import { isThenable } from '../maybe-promise.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { hasProxy } from '../shown/reading.ts';
import type { CallAnswer, InitAnswer } from './behaviour.ts';
import type { Debug } from './debug.ts';
import { ServerDispatch } from './dispatch.ts';
import { IdleTimer, isIdleTimer } from './idle-timer.ts';
import { badAnswer, type PendingReply } from './lifecycle.ts';
import { CallMessage, CastMessage, SystemRequest } from './messages.ts';
import { type Action, type Answer, assertState, isAnswer } from './next.ts';

/**
 * The loop of a server: takes its messages one at a time, oldest first, and carries out the answers
 * of the callbacks.
 */
export class ServerProcess extends ServerDispatch {
  static {
    setBrand(this, 'server');
  }

  #last: unknown = undefined;
  #call: CallMessage | undefined = undefined;
  #continue: { readonly continue: unknown } | undefined = undefined;
  #idle: IdleTimer | undefined = undefined;
  /** The hooks that see its events. Usually there are none. */
  debug: Debug | undefined = undefined;

  protected turn(): boolean {
    if (this.phase === 'new') {
      this.carryOut(this.init(), 'init');
    }
    if (this.phase === 'suspended') {
      return this.#takeOrder();
    }
    // Cannot change within the turn: a system request ends it.
    const { debug } = this;
    const { turnLength } = this.runtime.scheduler;
    for (let count = 0; count < turnLength && this.#isReady(); count++) {
      if (debug !== undefined) {
        this.#announce(debug);
      }
      this.#step();
    }
    return this.#goesOn();
  }

  /** Whether there is more to do. An idle server drops its last message, which may be large. */
  #goesOn(): boolean {
    const hasWork = this.#hasWork();
    if (!hasWork && this.status === 'running') {
      this.#last = undefined;
    }
    return hasWork;
  }

  #isReady(): boolean {
    return this.status === 'running' && this.#hasWork();
  }

  #hasWork(): boolean {
    return this.mailbox.length > 0 || this.#continue !== undefined;
  }

  #step(): void {
    if (this.#continue !== undefined) {
      const { continue: value } = this.#continue;
      this.#continue = undefined;
      this.handleContinue(value);
      return;
    }
    const message = this.mailbox.shift();
    const isTimer = isIdleTimer(message);
    if (isTimer === undefined) {
      this.#takeUnreadable(message);
      return;
    }
    if (isTimer) {
      // A stale timer fired while a message was already waiting, which has cancelled it.
      if (message === this.#idle) {
        this.#idle = undefined;
        this.#take({ type: 'timeout' });
      }
      return;
    }
    if (this.#idle !== undefined && !isA(message, SystemRequest)) {
      this.#stopIdleTimer();
    }
    this.#take(message);
  }

  #take(message: unknown): void {
    this.handled += 1;
    this.#last = message;
    // Those of earlier callbacks: this callback does not wait for them.
    this.waits = undefined;
    if (message instanceof CastMessage) {
      this.handleCast(message);
    } else if (message instanceof CallMessage) {
      this.#call = message;
      this.handleCall(message);
    } else if (message instanceof SystemRequest) {
      this.#obey(message);
    } else if (isForeign(message)) {
      this.#takeForeign(message);
    } else {
      this.handleInfo(message);
    }
  }

  /** A proxy that is revoked, for example: its sender must not end this server by it. */
  #takeUnreadable(message: unknown): void {
    this.#stopIdleTimer();
    this.handled += 1;
    this.#last = message;
    this.waits = undefined;
    this.handleInfo(message);
  }

  /** A message that another copy of this package has wrapped. */
  #takeForeign(message: unknown): void {
    if (isA(message, CastMessage)) {
      this.handleCast(message);
    } else if (isA(message, CallMessage)) {
      this.#call = message;
      this.handleCall(message);
    } else if (isA(message, SystemRequest)) {
      this.#obey(message);
    } else {
      this.handleInfo(message);
    }
  }

  // System requests

  /** The turn of a suspended server: at most one order, wherever it stands in the mailbox. */
  #takeOrder(): boolean {
    for (let at = 0; at < this.mailbox.length; at++) {
      if (this.#isOrder(this.mailbox.at(at))) {
        this.#take(this.mailbox.removeAt(at));
        return true;
      }
    }
    this.status = 'suspended';
    return false;
  }

  #isOrder(message: unknown): boolean {
    return isA(message, SystemRequest) || this.isExitOfParent(message);
  }

  #obey(request: SystemRequest): void {
    this.#last = undefined;
    request.perform(this);
    if (this.status === 'running') {
      // Ends the turn: before the next message, the phase and the hooks must be read again.
      this.wake();
    }
  }

  /** Shows the hooks the message, or the `continue`, that the next step takes. */
  #announce(debug: Debug): void {
    if (this.#continue !== undefined) {
      debug.continues(this.#continue.continue);
      return;
    }
    const message = this.mailbox.at(0);
    if (isIdleTimer(message) === true) {
      if (message === this.#idle) {
        debug.received({ type: 'timeout' });
      }
    } else if (!this.#isOrder(message)) {
      debug.received(message);
    }
  }

  // Answers

  protected carryOut(result: unknown, callback: string): void {
    if (isThenable(result)) {
      this.suspend(result, callback, (value) => {
        this.#apply(value);
        return this.#goesOn();
      });
    } else {
      this.#apply(result);
    }
  }

  #apply(value: unknown): void {
    if (!this.isAlive) {
      return;
    }
    if (!isAnswer(value)) {
      badAnswer(value);
    }
    this.debug?.answered(value);
    const action =
      this.phase === 'init'
        ? this.applyInit(value as InitAnswer<unknown>)
        : this.#applyNext(value as CallAnswer<unknown>);
    if (action !== undefined) {
      this.#act(action);
    }
  }

  #applyNext(next: CallAnswer<unknown>): Action | undefined {
    switch (next.type) {
      case 'noreply':
        break;
      case 'reply':
        this.#callFor(next).answer(next.value);
        break;
      case 'stop':
        assertState('stop(reason, state)', 'state' in next);
        this.state = next.state;
        this.stop(next.reason);
        return undefined;
      case 'stopReply': {
        const pendingReply = { call: this.#callFor(next), value: next.value };
        this.state = next.state;
        this.stop(next.reason, pendingReply);
        return undefined;
      }
      default:
        badAnswer(next satisfies never);
    }
    this.state = next.state;
    this.#call = undefined;
    return next.action;
  }

  /** The call that an answer replies to: only `handleCall` has one. */
  #callFor(next: CallAnswer<unknown>): CallMessage {
    return this.#call ?? badAnswer(next);
  }

  #act(action: Action): void {
    if (action.timeout !== undefined) {
      this.#startIdleTimer(alone(action).timeout);
    } else if (action.hibernate === undefined) {
      this.#continue = continueOf(action);
    } else if (alone(action).hibernate && this.mailbox.length === 0) {
      // Gives back the slots of its queue.
      this.mailbox.clear();
    }
  }

  #startIdleTimer(ms: number): void {
    assertTimeout(ms);
    this.#idle = new IdleTimer(this);
    if (ms > 0 && ms < Infinity) {
      this.runtime.timers.start(this.#idle, ms);
    } else if (ms === 0 && !this.#isCancelledNext()) {
      this.pushSystem(this.#idle);
    }
  }

  /** Whether the next message cancels the idle timer: not one of the system, nor a stale timer. */
  #isCancelledNext(): boolean {
    const next = this.mailbox.at(0);
    const isKept = isA(next, SystemRequest) || isIdleTimer(next) === true;
    return this.mailbox.length > 0 && !isKept;
  }

  #stopIdleTimer(): void {
    if (this.#idle !== undefined) {
      this.runtime.timers.stop(this.#idle);
      this.#idle = undefined;
    }
  }

  // The end

  get lastMessage(): unknown {
    return this.#last;
  }

  protected failed(thrown: unknown): boolean {
    if (isThrownAnswer(thrown) && this.phase !== 'terminate') {
      this.#applyThrown(thrown);
    } else {
      this.crash(thrown);
    }
    return this.#goesOn();
  }

  /** A thrown answer has the effects of a returned one, also if the callback may not give it. */
  #applyThrown(thrown: Answer): void {
    try {
      this.#apply(thrown);
    } catch (again) {
      this.crash(again);
    }
  }

  override stop(reason: ExitReason, pendingReply?: PendingReply): void {
    this.#dropAction();
    this.waits = undefined;
    super.stop(reason, pendingReply);
  }

  protected override ended(): void {
    this.#dropAction();
    this.#last = this.#call = undefined;
    super.ended();
  }

  #dropAction(): void {
    this.#continue = undefined;
    this.#stopIdleTimer();
  }
}

/** Any value can be thrown, also a revoked proxy. */
function isThrownAnswer(thrown: unknown): thrown is Answer {
  return typeof thrown === 'object' && thrown !== null && !hasProxy(thrown) && isAnswer(thrown);
}

const actionKeys: KeysOf<Action> = { timeout: true, continue: true, hibernate: true };

/** The action, if it is the only one. Not asked of `continue`, which may follow each message. */
function alone<Only extends Action>(action: Only): Only {
  const { timeout, continue: next, hibernate } = action;
  if (next !== undefined || (timeout !== undefined && hibernate !== undefined)) {
    throw new TypeError(`Expected one action of an answer, got ${describe(action)}`);
  }
  return action;
}

/** The only action that is left. An action with a misspelt name would be taken for it. */
function continueOf(action: Action): { readonly continue: unknown } | undefined {
  if (Object.hasOwn(action, 'continue')) {
    return action as { readonly continue: unknown };
  }
  assertKnownKeys('an answer', action, actionKeys);
  return undefined;
}
