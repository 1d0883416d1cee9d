import type { AnyBehaviour } from './behaviour.ts';
import {
  assertExitReason,
  badReturnValue,
  ExitError,
  type ExitReason,
  ExitRequest,
  functionClause,
  isAbnormal,
  normal,
  reasonOf,
  timeout,
  TimeoutError,
  undef,
} from './exit.ts';
import { type Action, ignore, type Ignore, isAnswer, type NoReply, type Ok, type Reply, type Stop, type StopReply } from './next.ts';
import { describe } from './pid.ts';
import { Cell, Request, type SystemMessage } from './process.ts';
import { reportCrash } from './report.ts';
import { assertTimeout, Timer } from './timers.ts';

/** A cast on its way: a class, so that nothing a user sends can be taken for one. */
export class CastMessage {
  readonly request: string;
  readonly payload: unknown;

  constructor(request: string, payload: unknown) {
    this.request = request;
    this.payload = payload;
  }
}

/** A question that its asker awaits as a promise, settled once: by the answer, the timeout, or the end of the server. */
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

  protected abstract what(): string;

  answer(value: unknown): void {
    if (this.#close()) {
      this.#resolve(value);
    }
  }

  fail(reason: ExitReason): void {
    if (this.#close()) {
      this.#reject(new ExitError(reason, this.what()));
    }
  }

  serverEnded(reason: ExitReason): void {
    this.fail(reason);
  }

  fire(): void {
    if (this.#close()) {
      this.#reject(new TimeoutError(`${this.what()} was not answered in time`));
    }
  }

  /** What comes after the first answer, or after the timeout, is dropped. */
  #close(): boolean {
    const wasOpen = this.#isOpen;
    if (wasOpen) {
      this.#isOpen = false;
      this.server.removeRequest(this);
      this.server.runtime.timers.stop(this);
    }
    return wasOpen;
  }
}

/** A call on its way, and the `From` that answers it. */
export class CallMessage extends Question {
  readonly request: string;
  readonly payload: unknown;

  constructor(server: Cell, request: string, payload: unknown, timeout: number) {
    super(server, timeout);
    this.request = request;
    this.payload = payload;
  }

  protected what(): string {
    return `call ${describe(this.request)} to ${this.server.name ?? String(this.server.pid)}`;
  }
}

/** An order to end with `reason`, which takes its turn in the mailbox. */
export class StopMessage extends Question {
  readonly reason: ExitReason;

  constructor(server: Cell, reason: ExitReason, timeout: number) {
    super(server, timeout);
    this.reason = reason;
  }

  override serverEnded(reason: ExitReason): void {
    if (reason === this.reason) {
      this.answer(undefined);
    } else {
      this.fail(reason);
    }
  }

  protected what(): string {
    return `stop of ${this.server.name ?? String(this.server.pid)}`;
  }
}

/** The question of whoever starts a server: answered with its pid, or `undefined` for `ignore`. */
class Start extends Question {
  protected what(): string {
    return `start of ${this.server.name ?? 'a server'}`;
  }

  override fire(): void {
    (this.server as ServerProcess).initFailed(timeout);
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
    this.#server.push(this);
  }
}

type Answer =
  | Ok<unknown, unknown>
  | Reply<unknown, unknown, unknown>
  | NoReply<unknown, unknown>
  | Stop<unknown>
  | StopReply<unknown, unknown>
  | Ignore;

type Callback = (...args: readonly unknown[]) => unknown;

/** Messages a turn: few enough that the scheduler can look at the clock often, enough that looking costs nothing. */
const turnLength = 16;

/** The loop of a server: takes its messages one at a time, oldest first, and does what the callbacks answer. */
export class ServerProcess extends Cell {
  readonly #behaviour: AnyBehaviour;
  readonly #isLinkedToParent: boolean;
  #phase: 'new' | 'init' | 'loop' | 'terminate' = 'new';
  #state: unknown;
  #start: Start | undefined = undefined;
  #call: CallMessage | undefined = undefined;
  #continue: { readonly continue: unknown } | undefined = undefined;
  #idle: IdleTimer | undefined = undefined;
  /** Why `terminate` runs. */
  #stopReason: ExitReason = normal;

  constructor(parent: Cell, behaviour: AnyBehaviour, arg: unknown, isLinked: boolean) {
    super(parent.runtime, parent);
    this.#behaviour = behaviour;
    this.#isLinkedToParent = isLinked;
    // Until init has answered there is no state, and the argument waits in its place.
    this.#state = arg;
  }

  /** Lets it run `init`; resolves with the pid, or `undefined` if that answers `ignore`. */
  start(timeout: number): Promise<unknown> {
    this.#start = new Start(this, timeout);
    this.wake();
    return this.#start.promise;
  }

  get state(): unknown {
    return this.#state;
  }

  protected turn(): boolean {
    if (this.#phase === 'new') {
      this.#phase = 'init';
      this.#run(this.#behaviour.init as Callback, this.#state, this);
    }
    for (let count = 0; count < turnLength && this.#isReady(); count++) {
      this.#step();
    }
    return this.#hasWork();
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
    if (message === this.#idle) {
      this.#idle = undefined;
      this.#info({ type: 'timeout' });
      return;
    }
    this.#stopIdleTimer();
    this.#take(message);
  }

  #take(message: unknown): void {
    if (message instanceof CastMessage) {
      const clause = this.#clause('handleCast', message.request);
      this.#run(clause, message.payload, this.#state, this);
    } else if (message instanceof CallMessage) {
      this.#call = message;
      const clause = this.#clause('handleCall', message.request);
      this.#run(clause, message.payload, this.#state, message, this);
    } else if (message instanceof StopMessage) {
      this.#terminate(message.reason);
    } else if (!(message instanceof IdleTimer)) {
      this.#info(message);
    }
  }

  #clause(callback: 'handleCall' | 'handleCast', request: string): Callback {
    const clauses = this.#behaviour[callback] as Readonly<Record<string, Callback>> | undefined;
    if (clauses === undefined) {
      throw new ExitRequest(undef(callback));
    }
    const clause = clauses[request];
    if (clause === undefined || !Object.hasOwn(clauses, request)) {
      throw new ExitRequest(functionClause(callback, request));
    }
    return clause;
  }

  #info(message: unknown): void {
    if (this.trapExit && this.#isFromParent(message as SystemMessage)) {
      this.#terminate((message as SystemMessage).reason);
    } else if (this.#behaviour.handleInfo === undefined) {
      const who = this.name ?? String(this.pid);
      this.runtime.logger.warn({ message: describe(message) }, `${who} has no handleInfo: message dropped`);
    } else {
      this.#run(this.#behaviour.handleInfo as Callback, message, this.#state, this);
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
    this.#run(handleContinue as Callback, value, this.#state, this);
  }

  /** Calls back and does what is answered: at once, or when the promise for it settles. Only a thenable is waited for. */
  #run(callback: Callback, a: unknown, b: unknown, c?: unknown, d?: unknown): void {
    const result = callback(a, b, c, d);
    if (isAnswer(result) || !isThenable(result)) {
      this.#apply(result);
      return;
    }
    this.suspend(result, (value) => {
      this.#apply(value);
      return this.#hasWork();
    });
  }

  #apply(value: unknown): void {
    if (!this.isAlive) {
      return;
    }
    if (!isAnswer(value)) {
      this.#bad(value);
      return;
    }
    const next = value as Answer;
    switch (next.type) {
      case 'noreply':
        this.#state = next.state;
        break;
      case 'reply':
        this.#reply(next);
        break;
      case 'ok':
        this.#initialised(next);
        break;
      case 'stop':
        this.#stop(next);
        return;
      case 'stopReply':
        this.#state = next.state;
        this.#call?.answer(next.value);
        this.#terminate(next.reason);
        return;
      case 'ignore':
        this.#ignored();
        return;
      default:
        this.#bad(next satisfies never);
        return;
    }
    this.#call = undefined;
    if (next.action !== undefined) {
      this.#act(next.action);
    }
  }

  #reply(next: Reply<unknown, unknown, unknown>): void {
    if (this.#call === undefined) {
      throw new ExitRequest(badReturnValue(next));
    }
    this.#state = next.state;
    this.#call.answer(next.value);
  }

  #bad(value: unknown): void {
    throw new ExitRequest(badReturnValue(value));
  }

  #act(action: Action): void {
    if (action.timeout !== undefined) {
      assertTimeout(action.timeout);
      this.#idle = new IdleTimer(this);
      if (action.timeout === 0 && this.mailbox.length === 0) {
        this.push(this.#idle);
      } else if (action.timeout < Infinity) {
        this.runtime.timers.start(this.#idle, action.timeout);
      }
    } else {
      this.#continue = action;
    }
  }

  #stopIdleTimer(): void {
    if (this.#idle !== undefined) {
      this.runtime.timers.stop(this.#idle);
      this.#idle = undefined;
    }
  }

  // The start

  #initialised(next: Ok<unknown, unknown>): void {
    if (this.#phase !== 'init') {
      this.#bad(next);
    }
    this.#phase = 'loop';
    this.#state = next.state;
    this.#start?.answer(this.pid);
    this.#start = undefined;
  }

  #ignored(): void {
    if (this.#phase !== 'init') {
      this.#bad(ignore);
    }
    const start = this.#start;
    // Answered after the end, so that the name is free by then.
    this.#start = undefined;
    if (start !== undefined) {
      this.removeRequest(start);
    }
    this.end(normal);
    start?.answer(undefined);
  }

  /** The start fails with `reason`, and so does the process. A parent that traps exits, or is the root, is told by that alone. */
  initFailed(reason: ExitReason): void {
    const { parent } = this;
    if (parent !== undefined && (parent.trapExit || parent === this.runtime.root)) {
      parent.unlink(this);
    }
    this.end(reason);
  }

  // The end

  #stop(next: Stop<unknown>): void {
    if (this.#phase === 'init') {
      this.initFailed(next.reason);
    } else {
      this.#state = next.state;
      this.#terminate(next.reason);
    }
  }

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
      reportCrash(this, reason, { state: this.#state });
    }
    this.end(reason);
  }

  protected ended(): void {
    this.#stopIdleTimer();
    // The pid may be kept for ever; what the server held must not be.
    this.#state = this.#start = this.#call = this.#continue = undefined;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
