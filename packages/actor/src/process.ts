import type { Clock } from './clock.ts';
import { ExitError, type ExitReason, killed, noproc, reasonOf } from './exit.ts';
import type { Logger } from './logger.ts';
import { Mailbox } from './mailbox.ts';
import { createPid, describe, type Pid, processOf, Ref } from './pid.ts';
import { Timer, type Timers } from './timers.ts';

/**
 * A process as it sees itself: passed to its own code, last, as `self`. What takes a `Process` is what only that process may do (link,
 * trap exits, receive), or what needs a parent. Nothing ambient: it is right after an `await` too.
 */
export interface Process<in Message = never> {
  readonly pid: Pid<Message>;
  readonly system: System;
  /** Aborts when the process ends, with an `ExitError` that says why; for `fetch`, timers, streams. */
  readonly signal: AbortSignal;
  /** How many messages wait. */
  readonly messageQueueLen: number;
}

/**
 * Processes that know of each other, with one clock and one scheduler; itself the root process, and so the parent of what is started at
 * the top. It does not trap exits: a process linked to it that ends abnormally ends the system, loudly. Only a start that fails does not:
 * whoever started it has been told.
 */
export interface System extends Process {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Settles with the reason once the system has ended. */
  readonly whenExited: Promise<ExitReason>;
  /**
   * Ends the system: what is linked to it is shut down and waited for, one by one, in reverse order of its start; whatever still lives
   * then is killed. Nothing of the system runs afterwards. A second call waits for the first.
   *
   * `timeout`, in ms: after it nothing is waited for any more, all is killed. Default: `Infinity`, as in OTP.
   */
  stop(options?: { readonly timeout?: number }): Promise<void>;
}

/** A linked process ended, and this one traps exits (or: `exit(from, this, reason)` was called). */
export interface ExitMessage {
  readonly type: 'EXIT';
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** A monitored process ended, or was not there (`noproc`). */
export interface DownMessage {
  readonly type: 'DOWN';
  readonly ref: Ref;
  readonly pid: Pid;
  readonly reason: ExitReason;
}

export type SystemMessage = ExitMessage | DownMessage;

/** What the processes of one system share. */
export interface Runtime {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly scheduler: {
    /** The process whose code is on the stack. */
    current: Cell | undefined;
    readonly isIdle: boolean;
    /** Gives `cell` a turn, after those that are already ready. */
    ready(cell: Cell): void;
  };
  readonly names: Map<string, Cell>;
  readonly processes: Set<Cell>;
  /** Processes that have ended and whose links and monitors are still to be told. */
  readonly endings: Cell[];
  readonly root: Cell & System;
  nextId(): number;
}

/** A question to a process by somebody who is told if the process ends before it answers. Its own timer, and its own place in a list. */
export abstract class Request extends Timer {
  previous: Request | undefined = undefined;
  next: Request | undefined = undefined;
  abstract serverEnded(reason: ExitReason): void;
}

/** Who is told of an end: a process by a DOWN message, or a function of this package's own. */
type Watcher = Cell | ((reason: ExitReason) => void);

type Status = 'idle' | 'ready' | 'running' | 'waiting' | 'dead';

/**
 * One process: its mailbox, its links and monitors, and what happens to it; the `Process` of the public types at run time. What it runs is
 * a subclass's: a function, or the loop of a server.
 */
export abstract class Cell implements Process {
  readonly pid: Pid<unknown>;
  readonly runtime: Runtime;
  readonly parent: Cell | undefined;
  readonly mailbox: Mailbox = new Mailbox();
  name: string | undefined = undefined;
  status: Status = 'idle';
  trapExit = false;
  reason: ExitReason | undefined = undefined;
  #links: Set<Cell> | undefined = undefined;
  #monitors: Map<Ref, Watcher> | undefined = undefined;
  #monitoring: Map<Ref, Cell> | undefined = undefined;
  #timers: Set<Timer> | undefined = undefined;
  #requests: Request | undefined = undefined;
  #abort: AbortController | undefined = undefined;

  constructor(runtime: Runtime, parent: Cell | undefined) {
    this.runtime = runtime;
    this.parent = parent;
    this.pid = createPid(runtime.nextId(), this);
    runtime.processes.add(this);
  }

  /** Runs for a while; true when it would go on at once. Throwing is `failed`. */
  protected abstract turn(): boolean;
  /** Its code threw, or a promise that it waited for was rejected. */
  protected abstract failed(thrown: unknown): void;
  /** It has ended, and so far only its requests, links and monitors know. */
  protected abstract ended(reason: ExitReason): void;

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

  get isAlive(): boolean {
    return this.status !== 'dead';
  }

  // Messages

  push(message: unknown): void {
    if (this.status === 'dead') {
      return;
    }
    this.mailbox.push(message);
    if (this.status === 'idle') {
      this.wake();
    }
  }

  wake(): void {
    this.status = 'ready';
    this.runtime.scheduler.ready(this);
  }

  /** Called by the scheduler alone. */
  run(): void {
    // It may have ended, or been woken, waited and been woken again, since it was made ready.
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
   * Takes no message until `promise` settles, then goes on with `resume`, whose answer is that of `turn`. If the process ends
   * first, the late result is dropped, and so is a late rejection.
   */
  suspend<T>(promise: PromiseLike<T>, resume: (value: T) => boolean): void {
    this.status = 'waiting';
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
    this.runtime.scheduler.current = this;
  }

  #leave(more: boolean): void {
    this.runtime.scheduler.current = undefined;
    if (this.status === 'running') {
      if (more) {
        this.wake();
      } else {
        this.status = 'idle';
      }
    }
  }

  #fail(thrown: unknown): void {
    // What a process throws after its end is a late effect, and dropped.
    if (this.status === 'running') {
      try {
        this.failed(thrown);
        this.#leave(this.mailbox.length > 0);
        return;
      } catch (again) {
        this.end(reasonOf(again));
      }
    }
    this.#leave(false);
  }

  // Links, monitors and exit signals

  link(other: Cell): void {
    if (other === this || this.status === 'dead') {
      return;
    }
    if (other.status === 'dead') {
      this.receiveExit(other, noproc);
      return;
    }
    (this.#links ??= new Set()).add(other);
    (other.#links ??= new Set()).add(this);
  }

  unlink(other: Cell): void {
    this.#links?.delete(other);
    other.#links?.delete(this);
  }

  isLinked(other: Cell): boolean {
    return this.#links?.has(other) ?? false;
  }

  /** The linked processes, in the order they were linked. */
  get links(): readonly Cell[] {
    return [...(this.#links ?? [])];
  }

  monitor(target: Cell): Ref {
    const ref = new Ref();
    if (target === this || this.status === 'dead') {
      return ref;
    }
    if (target.status === 'dead') {
      this.push({ type: 'DOWN', ref, pid: target.pid, reason: noproc } satisfies DownMessage);
      return ref;
    }
    (target.#monitors ??= new Map()).set(ref, this);
    (this.#monitoring ??= new Map()).set(ref, target);
    return ref;
  }

  /** False when there was nothing to take off. */
  demonitor(ref: Ref): boolean {
    const target = this.#monitoring?.get(ref);
    this.#monitoring?.delete(ref);
    return target !== undefined && (target.#monitors?.delete(ref) ?? false);
  }

  /** Calls back when this process has ended, at once if it has already; not before its links were told. Returns what takes it off. */
  onEnd(callback: (reason: ExitReason) => void): () => void {
    if (this.reason !== undefined) {
      callback(this.reason);
      return () => undefined;
    }
    const ref = new Ref();
    (this.#monitors ??= new Map()).set(ref, callback);
    return () => void this.#monitors?.delete(ref);
  }

  /** An exit signal from `from`: by a link of its, or sent by `exit(from, this, reason)`, which alone can kill. */
  receiveExit(from: Cell, reason: ExitReason, sent = false): void {
    if (this.status === 'dead') {
      return;
    }
    if (sent && reason.type === 'kill') {
      this.end(killed);
    } else if (this.trapExit) {
      this.push({ type: 'EXIT', pid: from.pid, reason } satisfies ExitMessage);
    } else if (reason.type !== 'normal' || (sent && from === this)) {
      this.end(reason);
    }
  }

  /** Ends the process: from here on it is not alive, has no name, and takes nothing. */
  end(reason: ExitReason): void {
    if (this.status === 'dead') {
      return;
    }
    this.status = 'dead';
    this.reason = reason;
    this.mailbox.clear();
    this.runtime.processes.delete(this);
    if (this.name !== undefined) {
      // Before anybody can be told: who sees the end finds the name free.
      this.runtime.names.delete(this.name);
    }
    this.#tell(reason);
  }

  /**
   * Told in a queue, not by calling down the links: a chain of a million linked processes must not need a stack of a million frames,
   * and each one is wholly ended before the next hears of it.
   */
  #tell(reason: ExitReason): void {
    const { endings } = this.runtime;
    endings.push(this);
    if (endings.length > 1) {
      return;
    }
    for (let at = 0; at < endings.length; at++) {
      (endings[at] as Cell).#tellAll();
    }
    const ended = endings.splice(0);
    for (const cell of ended) {
      // Last, since listeners are code of the user's, and find everything told.
      cell.#abort?.abort(new ExitError(cell.reason ?? reason));
    }
  }

  #tellAll(): void {
    const reason = this.reason as ExitReason;
    this.#stopTimers();
    this.#tellRequests(reason);
    for (const other of this.#links ?? []) {
      other.#links?.delete(this);
      other.receiveExit(this, reason);
    }
    for (const [ref, target] of this.#monitoring ?? []) {
      target.#monitors?.delete(ref);
    }
    for (const [ref, watcher] of this.#monitors ?? []) {
      if (watcher instanceof Cell) {
        watcher.#monitoring?.delete(ref);
        watcher.push({ type: 'DOWN', ref, pid: this.pid, reason } satisfies DownMessage);
      } else {
        watcher(reason);
      }
    }
    this.ended(reason);
    this.#links = this.#monitoring = this.#monitors = undefined;
  }

  // Requests that wait for an answer, and timers that wait to send

  addRequest(request: Request): void {
    request.next = this.#requests;
    if (this.#requests !== undefined) {
      this.#requests.previous = request;
    }
    this.#requests = request;
  }

  removeRequest(request: Request): void {
    if (request.previous !== undefined) {
      request.previous.next = request.next;
    } else if (this.#requests === request) {
      this.#requests = request.next;
    }
    if (request.next !== undefined) {
      request.next.previous = request.previous;
    }
    request.previous = request.next = undefined;
  }

  #tellRequests(reason: ExitReason): void {
    for (let request = this.#requests; request !== undefined; request = this.#requests) {
      this.removeRequest(request);
      request.serverEnded(reason);
    }
  }

  addTimer(timer: Timer): void {
    (this.#timers ??= new Set()).add(timer);
  }

  removeTimer(timer: Timer): void {
    this.#timers?.delete(timer);
  }

  #stopTimers(): void {
    for (const timer of this.#timers ?? []) {
      this.runtime.timers.stop(timer);
    }
    this.#timers = undefined;
  }
}

/** The process behind a pid; throws a `TypeError` for anything else. */
export function cellOf(pid: Pid): Cell {
  return processOf(pid) as Cell;
}

/** The running process behind what was handed to user code as `self`. Throws a `TypeError` for anything else. */
export function cellOfProcess(process: Process<never>, what = 'self'): Cell {
  if (process instanceof Cell) {
    return process;
  }
  throw new TypeError(`Expected ${what} to be a process, got ${describe(process)}`);
}
