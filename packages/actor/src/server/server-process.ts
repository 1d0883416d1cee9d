import { describe } from '../describe.ts';
import { assertTimeout, Timer } from '../host/timers.ts';
import { Cell, nameOf } from '../process/cell.ts';
import { reportCrash } from '../process/crash-report.ts';
import { unwrap } from '../process/envelope.ts';
import { ExitRequest, reasonOf } from '../process/exit-error.ts';
import {
  assertExitReason,
  badReturnValue,
  type ExitReason,
  functionClause,
  isAbnormal,
  killed,
  normal,
  timeout,
  undef,
} from '../process/exit-reason.ts';
import type { Mailbox } from '../process/mailbox.ts';
import type { MonitorRef } from '../process/monitor-ref.ts';
import type { SystemMessage } from '../process/process.ts';
import type { AnyBehaviour } from './behaviour.ts';
import type { Debug, Received } from './debug.ts';
import { CallMessage, CastMessage, Question, SystemRequest } from './messages.ts';
import {
  type Action,
  type Ignore,
  type InitError,
  isAnswer,
  type NoReply,
  type Ok,
  type Reply,
  type Stop,
  type StopReply,
} from './next.ts';

/** The question of whoever starts a server: answered with its pid, or `undefined` for `ignore`. */
class Start extends Question {
  readonly #ref: MonitorRef<Cell> | undefined;

  constructor(server: Cell, timeout: number, ref: MonitorRef<Cell> | undefined) {
    super(server, timeout);
    this.#ref = ref;
  }

  /** A monitor is set in the same instant, so that no end can fall between the two. */
  override answer(pid: unknown): void {
    if (pid !== undefined && this.#ref !== undefined) {
      this.#ref.owner().monitor(this.server, this.#ref);
    }
    super.answer(pid);
  }

  protected what(): string {
    return `start of ${this.server.name ?? 'a server'}`;
  }

  override fire(): void {
    (this.server as ServerProcess).startTimedOut();
  }
}

/** Waits while the server is idle; any message takes it off. */
class IdleTimer extends Timer {
  readonly #server: ServerProcess;

  constructor(server: ServerProcess) {
    super();
    this.#server = server;
  }

  fire(): void {
    this.#server.pushSystem(this);
  }
}

type Answer =
  | Ok<unknown, unknown>
  | Reply<unknown, unknown, unknown>
  | NoReply<unknown, unknown>
  | Stop<unknown>
  | StopReply<unknown, unknown>
  | Ignore
  | InitError;

type Callback = (...args: readonly unknown[]) => unknown;

/** The clause for a request. Without one the server ends, and who asked is told. */
function clauseOf(
  clauses: unknown,
  callback: 'handleCall' | 'handleCast',
  request: string,
): Callback {
  if (clauses === undefined) {
    throw new ExitRequest(undef(callback));
  }
  const clause = (clauses as Readonly<Record<string, Callback>>)[request];
  // `toString` is no request, unless the behaviour says so.
  if (typeof clause !== 'function' || clause === objectPrototype[request]) {
    throw new ExitRequest(functionClause(callback, request));
  }
  return clause;
}

const objectPrototype = Object.prototype as unknown as Readonly<Record<string, unknown>>;

/**
 * The loop of a server: takes its messages one at a time, oldest first, and does what the callbacks
 * answer.
 */
export class ServerProcess extends Cell {
  #behaviour: AnyBehaviour;
  readonly #isLinkedToParent: boolean;
  #phase: 'new' | 'init' | 'loop' | 'suspended' | 'terminate' = 'new';
  #state: unknown;
  #start: Start | undefined = undefined;
  #call: CallMessage | undefined = undefined;
  #continue: { readonly continue: unknown } | undefined = undefined;
  #idle: IdleTimer | undefined = undefined;
  #lastCast: string | undefined = undefined;
  #lastClause: Callback | undefined = undefined;
  /** The message in hand, for the report of a crash. */
  #last: unknown = undefined;
  /** The reply of a stop, for when `terminate` has run. */
  #farewell: { readonly call: CallMessage; readonly value: unknown } | undefined = undefined;
  /** Why `terminate` runs. */
  #stopReason: ExitReason = normal;
  /** Who is told of its events; mostly nobody. */
  debug: Debug | undefined = undefined;

  constructor(
    parent: Cell,
    behaviour: AnyBehaviour,
    arg: unknown,
    isLinked: boolean,
    mailbox?: Mailbox,
  ) {
    super(parent.runtime, parent, mailbox);
    this.#behaviour = behaviour;
    this.#isLinkedToParent = isLinked;
    // Until init has answered there is no state, and the argument waits in its place.
    this.#state = arg;
  }

  /**
   * Lets it run `init`; resolves with the pid, monitored by `ref`, or with `undefined` if that
   * answers `ignore`.
   */
  start(timeout: number, ref?: MonitorRef<Cell>): Promise<unknown> {
    this.#start = new Start(this, timeout, ref);
    this.wake();
    return this.#start.promise;
  }

  get state(): unknown {
    return this.#state;
  }

  /**
   * The state as reports may show it. A `formatStatus` that throws shows nothing, and changes
   * nothing.
   */
  get shownState(): unknown {
    try {
      const format = this.#behaviour.formatStatus as ((state: unknown) => unknown) | undefined;
      return format === undefined ? this.#state : format(this.#state);
    } catch (error) {
      return `formatStatus threw ${describe(error)}`;
    }
  }

  protected turn(): boolean {
    if (this.#phase === 'new') {
      this.#phase = 'init';
      this.#do((this.#behaviour.init as Callback)(this.#state, this));
    }
    if (this.#phase === 'suspended') {
      return this.#obey();
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

  /** Whether there is more to do. One that rests holds nothing of what it was sent. */
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
      this.#handleContinue(value);
      return;
    }
    const message = this.mailbox.shift();
    if (message instanceof IdleTimer) {
      // One that is not the last started fell due while a message already waited.
      if (message === this.#idle) {
        this.#idle = undefined;
        this.#take({ type: 'timeout' });
      }
      return;
    }
    if (this.#idle !== undefined && !(message instanceof SystemRequest)) {
      this.#stopIdleTimer();
    }
    this.#take(message);
  }

  #take(message: unknown): void {
    this.#last = message;
    // What an earlier callback asked and did not wait for, this one does not wait for.
    this.openCalls = undefined;
    if (message instanceof CastMessage) {
      this.#do(this.#castClause(message.request)(message.payload, this.#state, this));
    } else if (message instanceof CallMessage) {
      this.#call = message;
      const clause = clauseOf(this.#behaviour.handleCall, 'handleCall', message.request);
      this.#do(clause(message.payload, this.#state, message, this));
    } else if (message instanceof SystemRequest) {
      this.#obeyOne(message);
    } else {
      this.#info(message);
    }
  }

  /** Casts come in floods of one kind: the clause of the last is kept, which spares the look-up. */
  #castClause(request: string): Callback {
    if (request !== this.#lastCast) {
      this.#lastClause = clauseOf(this.#behaviour.handleCast, 'handleCast', request);
      this.#lastCast = request;
    }
    return this.#lastClause as Callback;
  }

  #info(message: unknown): void {
    if (this.trapExit && this.#isFromParent(message as SystemMessage)) {
      this.#terminate((message as SystemMessage).reason);
    } else if (this.#behaviour.handleInfo === undefined) {
      const who = nameOf(this);
      this.runtime.logger.warn(
        { message: describe(message) },
        `${who} has no handleInfo: message dropped`,
      );
    } else {
      this.#do((this.#behaviour.handleInfo as Callback)(message, this.#state, this));
    }
  }

  // What `sys` asks for

  get behaviour(): AnyBehaviour {
    return this.#behaviour;
  }

  get isSuspended(): boolean {
    return this.#phase === 'suspended';
  }

  /** Suspended, it takes system requests alone; other messages wait in its mailbox. */
  set isSuspended(flag: boolean) {
    this.#phase = flag ? 'suspended' : 'loop';
  }

  /** Goes on with another state, and perhaps another code. */
  become(state: unknown, behaviour: AnyBehaviour = this.#behaviour): void {
    this.#state = state;
    this.#behaviour = behaviour;
    this.#lastCast = undefined;
  }

  stop(reason: ExitReason): void {
    this.#terminate(reason);
  }

  /** The turn of a suspended server. */
  #obey(): boolean {
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
    return (
      message instanceof SystemRequest ||
      (this.trapExit && this.#isFromParent(message as SystemMessage))
    );
  }

  #obeyOne(request: SystemRequest): void {
    this.#last = undefined;
    request.perform(this);
    if (this.status === 'running') {
      // Ends the turn: what comes next may be for a suspended server, or for one that is watched.
      this.wake();
    }
  }

  /** Tells of what the next step takes. */
  #announce(debug: Debug): void {
    if (this.#continue !== undefined) {
      debug.tell({ type: 'continue', value: this.#continue.continue });
      return;
    }
    const message = this.mailbox.at(0);
    if (message instanceof IdleTimer) {
      if (message === this.#idle) {
        debug.tell({ type: 'in', message: { type: 'info', message: { type: 'timeout' } } });
      }
    } else if (!this.#isOrder(message)) {
      debug.tell({ type: 'in', message: received(message) });
    }
  }

  #isFromParent(message: SystemMessage | undefined): boolean {
    return this.#isLinkedToParent && message?.type === 'EXIT' && message.pid === this.parent?.pid;
  }

  #handleContinue(value: unknown): void {
    const { handleContinue } = this.#behaviour;
    if (handleContinue === undefined) {
      throw new ExitRequest(undef('handleContinue'));
    }
    this.#do((handleContinue as Callback)(value, this.#state, this));
  }

  /**
   * Does what a callback answered: at once, or when the promise for it settles. Only a thenable is
   * waited for.
   */
  #do(result: unknown): void {
    if (isThenable(result)) {
      this.suspend(result, (value) => {
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
      this.#bad(value);
    }
    if (this.debug !== undefined) {
      this.debug.answered(value);
    }
    if (this.#phase === 'init') {
      this.#applyInit(value as Answer);
    } else {
      this.#applyNext(value as Answer);
    }
  }

  #applyNext(next: Answer): void {
    switch (next.type) {
      case 'noreply':
        this.#state = next.state;
        break;
      case 'reply':
        this.#callOf(next).answer(next.value);
        this.#state = next.state;
        break;
      case 'stop':
        this.#state = next.state;
        this.#terminate(next.reason);
        return;
      case 'stopReply':
        // Given after terminate, and before anybody hears of the end.
        this.#farewell = { call: this.#callOf(next), value: next.value };
        this.#state = next.state;
        this.#terminate(next.reason);
        return;
      default:
        this.#bad(next);
        return;
    }
    this.#call = undefined;
    if (next.action !== undefined) {
      this.#act(next.action);
    }
  }

  /** The call that an answer replies to: only handleCall has one. */
  #callOf(next: Answer): CallMessage {
    return this.#call ?? this.#bad(next);
  }

  #bad(value: unknown): never {
    throw new ExitRequest(badReturnValue(value));
  }

  #act(action: Action): void {
    if (action.timeout !== undefined) {
      assertTimeout(action.timeout);
      this.#idle = new IdleTimer(this);
      if (action.timeout === 0 && this.mailbox.length === 0) {
        this.pushSystem(this.#idle);
      } else if (action.timeout < Infinity) {
        this.runtime.timers.start(this.#idle, action.timeout);
      }
    } else if (action.hibernate === undefined) {
      this.#continue = action;
    } else if (this.mailbox.length === 0) {
      this.#last = undefined;
      this.mailbox.clear();
    }
  }

  #stopIdleTimer(): void {
    if (this.#idle !== undefined) {
      this.runtime.timers.stop(this.#idle);
      this.#idle = undefined;
    }
  }

  // The start

  #applyInit(next: Answer): void {
    switch (next.type) {
      case 'ok':
        this.#phase = 'loop';
        this.#state = next.state;
        this.#start?.answer(this.pid);
        this.#start = undefined;
        if (next.action !== undefined) {
          this.#act(next.action);
        }
        break;
      case 'ignore':
        this.#endUnstarted((start) => {
          start.answer(undefined);
        });
        break;
      case 'error':
        this.#endUnstarted((start) => {
          start.fail(next.reason);
        });
        break;
      case 'stop':
        this.initFailed(next.reason);
        break;
      default:
        this.#bad(next);
    }
  }

  /**
   * Nothing is broken. Told after the end, so that the name is free by then; and the parent is told
   * by that alone.
   */
  #endUnstarted(tell: (start: Start) => void): void {
    const start = this.#start as Start;
    this.removeRequest(start);
    this.parent?.unlink(this);
    this.end(normal);
    tell(start);
  }

  /**
   * The start fails with `reason`, and so does the process. A parent that traps exits, or is the
   * root, is told by the start alone.
   */
  initFailed(reason: ExitReason): void {
    const { parent } = this;
    if (parent !== undefined && (parent.trapExit || parent === this.runtime.root)) {
      parent.unlink(this);
    }
    this.end(reason);
  }

  /**
   * The start took too long: its process is killed, and whoever started it is told by the start
   * alone.
   */
  startTimedOut(): void {
    this.#start?.fail(timeout);
    this.parent?.unlink(this);
    this.end(killed);
  }

  // The end

  protected failed(thrown: unknown): void {
    if (this.#phase === 'terminate') {
      // A value that is no Error is dropped, as OTP drops a throw in terminate.
      const reason = reasonOf(thrown);
      this.#finish(reason.type === 'nocatch' ? this.#stopReason : reason);
    } else if (isAnswer(thrown)) {
      this.#apply(thrown);
    } else {
      const reason = reasonOf(thrown);
      this.#crash(reason.type === 'nocatch' ? badReturnValue(reason.value) : reason);
    }
  }

  #crash(reason: ExitReason): void {
    if (this.#phase === 'init') {
      this.initFailed(reason);
    } else {
      this.#terminate(reason);
    }
  }

  #terminate(reason: ExitReason): void {
    this.#phase = 'terminate';
    this.#stopReason = reason;
    this.#continue = undefined;
    this.#stopIdleTimer();
    assertExitReason(reason);
    const result = (this.#behaviour.terminate as Callback | undefined)?.(reason, this.#state, this);
    if (isThenable(result)) {
      this.suspend(result, () => {
        this.#finish(reason);
        return false;
      });
    } else {
      this.#finish(reason);
    }
  }

  #finish(reason: ExitReason): void {
    if (isAbnormal(reason)) {
      reportCrash(this, reason, {
        lastMessage: unwrap(this.#last),
        state: this.shownState,
      });
    }
    this.#farewell?.call.answer(this.#farewell.value);
    this.end(reason);
  }

  protected ended(): void {
    this.#stopIdleTimer();
    // The pid may be kept for ever; what the server held must not be.
    this.#state =
      this.#last =
      this.#start =
      this.#call =
      this.#farewell =
      this.#continue =
        undefined;
  }
}

function received(message: unknown): Received {
  if (message instanceof CallMessage || message instanceof CastMessage) {
    const { request, payload } = message;
    return { type: message instanceof CallMessage ? 'call' : 'cast', request, payload };
  }
  return { type: 'info', message };
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
