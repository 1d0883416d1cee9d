import { setBrand, isA, isForeign } from '../brand.ts';
import type { KeyTable } from '../collections/key-table.ts';
import { describe } from '../describe.ts';
import type { AsyncContext } from '../host.ts';
import type { Clock } from '../host/clock.ts';
import { diagnostics } from '../host/diagnostics.ts';
import type { Logger } from '../host/logger.ts';
import type { Timers } from '../host/timers.ts';
import type { Redaction } from '../shown/redaction.ts';
import { unwrap } from './envelope.ts';
import { ExitError, reasonOf } from './exit-error.ts';
import { type ExitReason, mailboxOverflow } from './exit-reason.ts';
import { loggerFor } from './extras.ts';
import { formatReason } from './format-reason.ts';
import { labelField, labelSuffix } from './label.ts';
import { type FullMailbox, Mailbox } from './mailbox.ts';
import type { Pid } from './pid.ts';
import type { PriorityMailbox } from './priority-mailbox.ts';
import type { Process, System } from './process.ts';
import { Request } from './request.ts';
import { Target } from './target.ts';
import type { TimedMailbox } from './timed-mailbox.ts';
import type { Witnesses } from './witness.ts';

/** `waiting`: for a promise. `suspended`: only the system's own messages wake it. */
type RunState = 'idle' | 'ready' | 'running' | 'waiting' | 'suspended' | 'dead';

/** Something that a callback may be waiting for: an answer, a start, an end of another process. */
export interface Wait {
  /** The process that has to act first; `undefined` when none has to. */
  readonly target: Cell | undefined;
  /** A warning has named the cycle that it is a part of. */
  named?(): void;
  /** Whether it is for the start of a process. */
  readonly isStart?: boolean;
}

/**
 * One process: its mailbox, its turns, and its end; the `Process` of the public types at run time.
 * A subclass adds the code that it runs: a function, or the loop of a server.
 */
export abstract class Cell extends Target<Cell> implements Process {
  static {
    setBrand(this, 'process');
  }

  readonly pid: Pid<unknown>;
  readonly runtime: Runtime;
  /** Weak: a process that starts its successor and ends must not stay, one for each generation. */
  readonly #parent: WeakRef<Cell> | undefined;
  /** The same for all its children. Most processes start none. */
  #asParent: WeakRef<Cell> | undefined = undefined;
  /** A process gets another one with its first priority alias, and while it is explained. */
  mailbox: Mailbox | PriorityMailbox | TimedMailbox;
  name: string | undefined = undefined;
  status: RunState = 'idle';
  reason: ExitReason | undefined = undefined;
  /** The waits that its callback has begun, and that are not over: for finding cycles. */
  waits: Set<Wait> | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  #isHighWaterReported = false;
  /** The number of the slice in which its last turn was fast; 0 if it was not. */
  fastIn = 0;
  /** A whole number, which takes no object of its own. Read only while it is `waiting`. */
  #awaitingSince = 0;
  #awaitedCallback = '';

  constructor(runtime: Runtime, parent: Cell | undefined, mailbox: Mailbox = new Mailbox()) {
    super();
    this.runtime = runtime;
    this.#parent = parent?.asParent;
    this.mailbox = mailbox;
    this.pid = new CellPid(runtime.nextId(), this) as unknown as Pid<unknown>;
    runtime.processes.add(this);
    if (diagnostics.spawn.hasSubscribers) {
      diagnostics.spawn.publish({ pid: this.pid, parent: parent?.pid });
    }
    runtime.witnesses?.tell('started', this.pid, parent?.pid);
  }

  /** Handles messages for a while; true when there are more. Errors go to `failed`. */
  protected abstract turn(): boolean;
  /**
   * Its code threw, or a promise that it waited for was rejected. Returns true, as `turn` does,
   * when there are more messages.
   */
  protected abstract failed(thrown: unknown): boolean;
  /** It has ended: its requests have failed, its exit signals and DOWN messages are sent. */
  protected abstract ended(reason: ExitReason): void;

  /** For its children, which may be of another copy of this package. */
  get asParent(): WeakRef<Cell> {
    return (this.#asParent ??= new WeakRef(this));
  }

  /** The process that started it, as long as that lives. */
  get parent(): Cell | undefined {
    const parent = this.#parent?.deref();
    return parent?.isAlive === true ? parent : undefined;
  }

  /** The id of its child that runs as `pid`; `undefined` unless it is the supervisor of that. */
  idOfChild(_pid: Pid): string | undefined {
    return undefined;
  }

  /** Whether that process started it, also if it has ended. */
  isChildOf(pid: Pid): boolean {
    return this.#parent?.deref()?.pid === pid;
  }

  get system(): System {
    return this.runtime.root;
  }

  get messageQueueLen(): number {
    return this.mailbox.length;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.reason !== undefined) {
      this.#abort.abort(new ExitError(this.reason));
    }
    return this.#abort.signal;
  }

  /** Since when the promise of its callback is awaited, in whole ms of the system's clock. */
  get awaitingSince(): number | undefined {
    return this.status === 'waiting' ? this.#awaitingSince : undefined;
  }

  /** The callback whose promise is awaited. */
  get awaitedCallback(): string | undefined {
    return this.status === 'waiting' ? this.#awaitedCallback : undefined;
  }

  get isAlive(): boolean {
    return this.status !== 'dead';
  }

  // Messages

  /** False when the mailbox is full and its policy is to reject. */
  push(message: unknown): boolean {
    if (this.status === 'dead') {
      return true;
    }
    const { mailbox } = this;
    if (mailbox.isFull()) {
      return this.#overflow(mailbox, message);
    }
    mailbox.push(message);
    if (this.status === 'idle') {
      this.wake();
    }
    if (mailbox.length >= this.runtime.highWaterMark) {
      this.#reportHighWater();
    }
    return true;
  }

  /** A message of the system's own: it is never refused. */
  pushSystem(message: object): void {
    if (this.status !== 'dead') {
      this.mailbox.pushSystem(message);
      if (this.status === 'idle' || this.status === 'suspended') {
        this.wake();
      }
    }
  }

  /** Takes messages out of the mailbox. */
  flush(matches: (message: unknown) => boolean): void {
    this.mailbox.removeWhere(matches);
    this.messagesMoved();
  }

  /** Called when messages have left the mailbox untaken by its code, or have come to its front. */
  messagesMoved(): void {}

  /** Applies the policy of a full mailbox. False when that is to reject the message. */
  #overflow(mailbox: FullMailbox, message: unknown): boolean {
    const { overflow, capacity } = mailbox.options;
    const dropped = mailbox.pushFull(message);
    if (isA(dropped, Request)) {
      dropped.fail(mailboxOverflow(capacity));
    }
    if (diagnostics.messageDropped.hasSubscribers) {
      diagnostics.messageDropped.publish({ pid: this.pid, message: unwrap(dropped) });
    }
    this.runtime.witnesses?.tell('dropped', this.pid);
    if (overflow === 'exit') {
      reportOverflow(this, mailboxOverflow(capacity));
      this.end(mailboxOverflow(capacity));
    } else if (overflow === 'dropOldest') {
      this.messagesMoved();
      if (this.status === 'idle') {
        this.wake();
      }
    }
    return overflow !== 'reject';
  }

  #reportHighWater(): void {
    if (!this.#isHighWaterReported) {
      this.#isHighWaterReported = true;
      const { length } = this.mailbox;
      loggerFor(this).warn({ messages: length }, `${nameOf(this)} has ${length} messages waiting`);
    }
  }

  // Turns

  wake(): void {
    this.status = 'ready';
    this.runtime.scheduler.ready(this);
  }

  /** For a scheduler that does not enter the context of the system itself: see `Turn`. */
  run(): void {
    this.runtime.context.runInAsyncScope(takeTurnOf, undefined, this);
  }

  /** Called by the scheduler alone, in the context of the system. */
  takeTurn(): void {
    // Since it was made ready it may have ended, or have waited and been made ready once more.
    if (this.status !== 'ready') {
      return;
    }
    this.#enter();
    try {
      this.#leave(this.turn());
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /**
   * Takes no message until `promise`, of `callback`, settles, then goes on with `resume`, which
   * returns true, as `turn` does, when there are more messages. If the process ends first, the
   * value or the error of `promise` is dropped.
   */
  suspend<T>(promise: PromiseLike<T>, callback: string, resume: (value: T) => boolean): void {
    this.status = 'waiting';
    this.#awaitedCallback = callback;
    this.#awaitingSince = Math.trunc(this.runtime.clock.now());
    Promise.resolve(promise).then(
      (value) => {
        if (this.#isResumed()) {
          try {
            this.#leave(resume(value));
          } catch (thrown) {
            this.#fail(thrown);
          }
        }
      },
      (thrown: unknown) => {
        if (this.#isResumed()) {
          this.#fail(thrown);
        }
      },
    );
  }

  #isResumed(): boolean {
    if (this.status !== 'waiting') {
      return false;
    }
    this.#enter();
    return true;
  }

  #enter(): void {
    this.status = 'running';
    this.runtime.current = this;
  }

  #leave(hasMore: boolean): void {
    this.runtime.current = undefined;
    if (hasMore && this.status === 'running') {
      this.wake();
    } else if (this.status === 'running') {
      this.status = 'idle';
    }
  }

  #fail(thrown: unknown): void {
    // Code of a process that has ended may go on, and throw: that changes nothing any more.
    if (this.status === 'running') {
      try {
        this.#leave(this.failed(thrown));
        return;
      } catch (again) {
        this.end(reasonOf(again));
      }
    }
    this.#leave(false);
  }

  // The end

  /** Ends the process: from here on it is not alive, has no name, and takes no message. */
  end(reason: ExitReason): void {
    if (this.status === 'dead') {
      return;
    }
    this.status = 'dead';
    this.reason = reason;
    this.runtime.undelivered?.(this);
    this.mailbox.clear();
    this.runtime.processes.delete(this);
    if (diagnostics.exit.hasSubscribers) {
      diagnostics.exit.publish({ pid: this.pid, reason });
    }
    this.#tellEnd(reason);
    this.runtime.exposed?.delete(this);
    if (this.name !== undefined) {
      // Before any process learns of the end: it must find the name free.
      this.runtime.names.delete(this.name);
    }
    this.#announceEnd(reason);
  }

  #tellEnd(reason: ExitReason): void {
    const { witnesses, signalling } = this.runtime;
    witnesses?.tell('ended', this.pid, reason, this.handled, Math.abs(this.busy), signalling?.pid);
  }

  #announceEnd(reason: ExitReason): void {
    const { runtime } = this;
    runtime.exitQueue.push(this);
    if (runtime.exitQueue.length === 1) {
      announceEnds(runtime, reason);
    }
  }

  /** Called by `announceEnds` alone. */
  sendSignals(): void {
    const reason = this.reason as ExitReason;
    this.stopTimers(this.runtime.timers);
    this.failRequests(reason);
    this.sendEndSignals(reason);
    this.ended(reason);
    this.waits = undefined;
  }

  /** As `sendSignals`. */
  abort(reason: ExitReason): void {
    const controller = this.#abort;
    if (controller !== undefined) {
      this.runtime.context.runInAsyncScope(() => {
        controller.abort(new ExitError(this.reason ?? reason));
      });
    }
  }

  // The waits of its callback

  addWait(wait: Wait): void {
    (this.waits ??= new Set()).add(wait);
  }

  removeWait(wait: Wait): void {
    this.waits?.delete(wait);
  }
}

/**
 * Announces ends one after another, from a queue. Calls along the links would need a stack of a
 * million frames for a chain of a million processes, and one end could be announced in the middle
 * of another.
 */
function announceEnds(runtime: Runtime, reason: ExitReason): void {
  // The loop goes on with the ends that these signals cause: they are added to the same array.
  for (const cell of runtime.exitQueue) {
    runtime.signalling = cell;
    cell.sendSignals();
  }
  runtime.signalling = undefined;
  for (const cell of runtime.exitQueue.splice(0)) {
    // Last: listeners are user code, and may rely on all signals being sent.
    cell.abort(reason);
  }
}

function takeTurnOf(cell: Cell): void {
  cell.takeTurn();
}

/** The process itself is at fault: its end is logged, as a crash is. */
function reportOverflow(cell: Cell, reason: ExitReason): void {
  const why = formatReason(reason);
  const message = `process ${nameOf(cell)} crashed: ${why}`;
  loggerFor(cell).error({ process: String(cell.pid), reason: why }, message);
}

/** The process behind a pid; throws a `TypeError` for anything else. */
export function cellOf(pid: Pid): Cell {
  const cell = findCell(pid);
  if (cell === undefined) {
    throw new TypeError(`Expected a pid, got ${describe(pid)}`);
  }
  return cell;
}

/** The process behind a pid; `undefined` for anything else. */
export function findCell(value: unknown): Cell | undefined {
  return open(value);
}

/**
 * Whether a value is a pid, of a process that runs or has ended. An object that looks like one is
 * none.
 * @example
 * ```ts
 * import { createSystem, isPid } from '@reprise/actor';
 *
 * const system = createSystem();
 * console.log(isPid(system.pid), isPid({ id: 1 })); // true false
 * await system.stop();
 * ```
 */
export function isPid(value: unknown): value is Pid {
  return open(value) !== undefined;
}

/**
 * The process behind the `self` that user code was given. Throws a `TypeError` for anything else.
 */
export function cellOfProcess(process: Process, what = 'self'): Cell {
  if (process instanceof Cell || isA(process, Cell)) {
    return process;
  }
  throw new TypeError(`Expected ${what} to be a process, got ${describe(process)}`);
}

/** The registered name, or else the pid, and the label: how reports call a process. */
export function nameOf(cell: Cell): string {
  return (cell.name ?? String(cell.pid)) + labelSuffix(labelField(cell));
}

/** The pid and the label: for an error about one process, whatever its name. */
export function pidAndLabel(cell: Cell): string {
  return String(cell.pid) + labelSuffix(labelField(cell));
}

/** The key by which a copy of this package reads the process in a pid of another copy. */
const cellOfPid: unique symbol = Symbol.for('@reprise/actor cell') as typeof cellOfPid;

let open: (value: unknown) => Cell | undefined;

/**
 * The class of pids. The process is a private field: other packages cannot reach it, and it is left
 * out when a message that holds a pid is printed or compared.
 */
class CellPid {
  static {
    setBrand(this, 'pid');
  }

  readonly id: number;
  readonly #cell: Cell;

  static {
    open = (value) =>
      typeof value === 'object' && value !== null && #cell in value
        ? value.#cell
        : openForeign(value);
  }

  constructor(id: number, cell: Cell) {
    this.id = id;
    this.#cell = cell;
  }

  /** For other copies of this package. */
  get [cellOfPid](): Cell {
    return this.#cell;
  }

  toString(): string {
    return `#Pid<${this.id}>`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function openForeign(value: unknown): Cell | undefined {
  return isForeign(value) && cellOfPid in value ? (value[cellOfPid] as Cell) : undefined;
}

/** A fact that a process tells of itself, without being asked by a message. */
export interface Facet<Value = unknown> {
  read(): Value;
}

/** The state that the processes of one system share. */
export interface Runtime {
  /** The context in which the system was made: its processes run in it. */
  readonly context: AsyncContext;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The secrets that its reports hide. */
  readonly redaction: Redaction;
  readonly timers: Timers;
  /** A `Scheduler`, or the default, which takes turns of cells alone. */
  readonly scheduler: {
    readonly isIdle: boolean;
    readonly turnLength: number;
    yieldToMicrotasks(cell?: Cell): void;
    ready(cell: Cell): void;
  };
  /** As `Math.random`. */
  readonly random: () => number;
  /** How many threads the machine can run at a time. */
  readonly parallelism: number;
  /** The process whose code is on the stack. */
  current: Cell | undefined;
  readonly names: KeyTable<Cell>;
  readonly processes: Set<Cell>;
  /** Processes that have ended and whose exit signals and DOWN messages are not sent yet. */
  readonly exitQueue: Cell[];
  /** The one of these whose signals and messages are sent now. */
  signalling: Cell | undefined;
  /** Called with each process that ends, while the messages are still in its mailbox. */
  undelivered: ((cell: Cell) => void) | undefined;
  /** Are told of the events of the system; `undefined` while there are none. */
  witnesses: Witnesses | undefined;
  /** The facets of processes, by kind; `undefined` while there are none. */
  exposed: Map<Cell, Readonly<Record<string, Facet>>> | undefined;
  readonly root: Cell & System;
  /** How many messages may wait in a mailbox before it is reported, once for each process. */
  readonly highWaterMark: number;
  /** The id of the newest process: a later one has a greater id. */
  readonly lastId: number;
  nextId(): number;
}
