import { describe } from '../describe.ts';
import { callListener, forgottenAwait, isThenable } from '../maybe-promise.ts';
import { Cell } from '../process/cell.ts';
import { reportCrash } from '../process/crash-report.ts';
import { unwrap } from '../process/envelope.ts';
import { ExitRequest, reasonOf } from '../process/exit-error.ts';
import { isExit } from '../process/exit-message.ts';
import {
  assertExitReason,
  badReturnValue,
  type ExitReason,
  isAbnormal,
  normal,
} from '../process/exit-reason.ts';
import type { Mailbox } from '../process/mailbox.ts';
import type { MonitorRef } from '../process/monitor-ref.ts';
import type { Pid } from '../process/pid.ts';
import type { ExitMessage } from '../process/process.ts';
import { isInstance } from '../shown/reading.ts';
import type { AnyBehaviour, InitAnswer } from './behaviour.ts';
import { erase, type ErasedBehaviour } from './erased-behaviour.ts';
import type { CallMessage } from './messages.ts';
import type { Action } from './next.ts';
import { ParentState } from './parent-state.ts';
import { Start } from './start.ts';

/** The reply of an answer that stops the server: given once `terminate` has run. */
export interface PendingReply {
  readonly call: CallMessage;
  readonly value: unknown;
}

/**
 * The life of a server around its loop: it starts with `init`, may be suspended or given another
 * state, and ends with `terminate`.
 */
export abstract class ServerLifecycle extends Cell {
  protected phase: 'new' | 'init' | 'loop' | 'suspended' | 'terminate' = 'new';
  readonly #isLinkedToParent: boolean;
  #behaviour: ErasedBehaviour;
  #state: unknown;
  #start: Start | undefined = undefined;
  #pendingReply: PendingReply | undefined = undefined;
  /** The reason of the end for which `terminate` runs. */
  #stopReason: ExitReason = normal;

  constructor(
    parent: Cell,
    behaviour: AnyBehaviour,
    arg: unknown,
    isLinked: boolean,
    mailbox?: Mailbox,
  ) {
    super(parent.runtime, parent, mailbox);
    this.#behaviour = erase(behaviour);
    this.#isLinkedToParent = isLinked;
    // Before `init` has answered there is no state, and the argument is kept in its place.
    this.#state = arg;
  }

  /** The message that the server handles, or handled last: for the report of a crash. */
  abstract get lastMessage(): unknown;

  get behaviour(): ErasedBehaviour {
    return this.#behaviour;
  }

  get state(): unknown {
    return this.#state;
  }

  /** Whether `init` has answered: before, its argument stands in the place of the state. */
  get hasState(): boolean {
    return this.phase !== 'new' && this.phase !== 'init';
  }

  protected set state(state: unknown) {
    this.#state = state;
  }

  /** The state for reports. A `formatStatus` that fails shows nothing, and changes nothing. */
  get shownState(): unknown {
    const { formatStatus } = this.#behaviour;
    return formatStatus === undefined ? this.#state : shownBy(formatStatus, this.#state);
  }

  override idOfChild(pid: Pid): string | undefined {
    return isInstance(this.#state, ParentState) ? this.#state.idOfChild(pid) : undefined;
  }

  get isSuspended(): boolean {
    return this.phase === 'suspended';
  }

  /** Suspended, it takes the requests of `sys` alone; other messages wait in its mailbox. */
  set isSuspended(flag: boolean) {
    this.phase = flag ? 'suspended' : 'loop';
  }

  /** Goes on with another state, and perhaps with another behaviour. */
  become(state: unknown, behaviour: AnyBehaviour = this.#behaviour): void {
    this.#state = settled(state);
    this.#behaviour = erase(behaviour);
  }

  /**
   * Lets the server run `init`. Resolves with the pid, monitored by `ref`, or with `undefined` when
   * `init` answers `ignore`.
   */
  start(timeout: number, ref?: MonitorRef<Cell>): Promise<unknown> {
    const start = (this.#start = new Start(this, ref));
    start.startTimeout(timeout);
    this.wake();
    return start.promise;
  }

  /** Calls `init`; its answer is for `applyInit`. */
  protected init(): unknown {
    this.phase = 'init';
    return this.#behaviour.init(this.#state, this);
  }

  /** Begins the loop, or ends the process. Returns the action to begin with, if there is one. */
  protected applyInit(answer: InitAnswer<unknown>): Action | undefined {
    const start = this.#start as Start;
    switch (answer.type) {
      case 'ok':
        this.#state = settled(answer.state);
        this.phase = 'loop';
        this.#start = undefined;
        start.succeed();
        return answer.action;
      case 'ignore':
        start.ignore();
        break;
      case 'error':
        assertExitReason(answer.reason);
        start.refuse(answer.reason);
        break;
      case 'stop':
        assertExitReason(answer.reason);
        this.end(answer.reason);
        break;
      default:
        badAnswer(answer satisfies never);
    }
    return undefined;
  }

  /**
   * Whether a message is the exit signal of the parent: the server obeys it. The message alone
   * decides, as in OTP: it may have come before the server stopped trapping exits.
   */
  protected isExitOfParent(message: unknown): message is ExitMessage {
    return this.#isLinkedToParent && isExit(message) && this.isChildOf(message.pid);
  }

  /** Code of the behaviour threw: the server ends. */
  protected crash(thrown: unknown): void {
    if (this.phase === 'terminate') {
      this.#failTerminate(thrown);
      return;
    }
    // A thrown value that is no Error counts as the answer: as in OTP.
    const reason = isInstance(thrown, Error) ? reasonOf(thrown) : badReturnValue(thrown);
    if (this.phase === 'init') {
      this.end(reason);
    } else {
      this.stop(reason);
    }
  }

  /** Runs `terminate`, gives the reply, and ends. */
  stop(reason: ExitReason, pendingReply?: PendingReply): void {
    assertExitReason(reason);
    this.phase = 'terminate';
    this.#stopReason = reason;
    this.#pendingReply = pendingReply;
    // First: `terminate` may throw, hang, or be killed, and none of that may hide the crash.
    this.#report(reason);
    this.#terminate(reason);
  }

  #terminate(reason: ExitReason): void {
    try {
      const result = this.#behaviour.terminate?.(reason, this.#state, this);
      if (isThenable(result)) {
        this.suspend(result, 'terminate', () => {
          this.#finish(reason);
          return false;
        });
        return;
      }
    } catch (thrown) {
      this.#failTerminate(thrown);
      return;
    }
    this.#finish(reason);
  }

  /** An error is the reason of the end. A thrown value that is no Error counts as nothing. */
  #failTerminate(thrown: unknown): void {
    if (!this.isAlive) {
      return;
    }
    const reason = isInstance(thrown, Error) ? reasonOf(thrown) : this.#stopReason;
    if (reason !== this.#stopReason) {
      this.#report(reason);
    }
    this.#finish(reason);
  }

  #report(reason: ExitReason): void {
    if (isAbnormal(reason)) {
      reportCrash(this, reason, {
        lastMessage: unwrap(this.lastMessage),
        state: this.shownState,
      });
    }
  }

  #finish(reason: ExitReason): void {
    // Before any process can learn of the end.
    this.#pendingReply?.call.answer(this.#pendingReply.value);
    this.end(reason);
  }

  /** Also by an exit signal: whatever ends it before `init` has answered fails the start. */
  override end(reason: ExitReason): void {
    if (this.isAlive) {
      this.#start?.unlinkParent();
    }
    super.end(reason);
  }

  /** A pid may be kept for ever; the values that the server held must not be. */
  protected ended(): void {
    this.#state = this.#start = this.#pendingReply = undefined;
  }
}

/**
 * A state, unless it is the promise of one. Not asked of each answer, which would slow down each
 * message.
 */
function settled(state: unknown): unknown {
  if (state instanceof Promise) {
    throw new TypeError(`Expected a state, got ${forgottenAwait}`);
  }
  return state;
}

/** The answer of `formatStatus`, or its failure. A promise of it is not waited for. */
function shownBy(formatStatus: (state: unknown) => unknown, state: unknown): unknown {
  let shown: unknown;
  let failure: string | undefined;
  callListener(
    () => {
      shown = formatStatus(state);
      failure = isThenable(shown) ? `formatStatus returned ${forgottenAwait}` : undefined;
      return shown;
    },
    (error) => {
      failure ??= `formatStatus threw ${describe(error)}`;
    },
  );
  return failure ?? shown;
}

/** Ends the server for an answer that is none, or that this callback may not give. */
export function badAnswer(value: unknown): never {
  throw new ExitRequest(badReturnValue(value));
}
