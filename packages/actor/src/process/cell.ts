import type { KeyTable } from '../collections/key-table.ts';
import { describe } from '../describe.ts';
import type { Clock } from '../host/clock.ts';
import { diagnostics } from '../host/diagnostics.ts';
import type { Logger } from '../host/logger.ts';
import type { Timer, Timers } from '../host/timers.ts';
import { unwrap } from './envelope.ts';
import { ExitError, reasonOf } from './exit-error.ts';
import { type ExitReason, killed, mailboxOverflow, noproc } from './exit-reason.ts';
import { formatReason } from './format-reason.ts';
import { type BoundedMailbox, Mailbox } from './mailbox.ts';
import type { MonitorRef } from './monitor-ref.ts';
import { createPid, type Pid, processOf } from './pid.ts';
import type { ExitMessage, Process, System } from './process.ts';
import { Request } from './request.ts';

/** An open call, as far as a process needs it: the server that is to answer. */
interface OpenCall {
  readonly server: Cell;
}

/** `waiting`: for a promise. `suspended`: only the system's own messages wake it. */
type Status = 'idle' | 'ready' | 'running' | 'waiting' | 'suspended' | 'dead';

/**
 * One process: its mailbox, its links and monitors, and what happens to it; the `Process` of the
 * public types at run time. What it runs is a subclass's: a function, or the loop of a server.
 */
export abstract class Cell implements Process {
  readonly pid: Pid<unknown>;
  readonly runtime: Runtime;
  readonly parent: Cell | undefined;
  readonly mailbox: Mailbox;
  name: string | undefined = undefined;
  status: Status = 'idle';
  trapExit = false;
  reason: ExitReason | undefined = undefined;
  #links: Set<Cell> | undefined = undefined;
  #monitors: Map<MonitorRef, Cell> | undefined = undefined;
  #onEnd: Set<(reason: ExitReason) => void> | undefined = undefined;
  #monitoring: Map<MonitorRef, Cell> | undefined = undefined;
  #timers: Set<Timer> | undefined = undefined;
  #requests: Request | undefined = undefined;
  /** The calls whose answer its callback may be waiting for: see `callCycleOf`. */
  asked: Set<OpenCall> | undefined = undefined;
  #abort: AbortController | undefined = undefined;
  #isHighWaterReported = false;

  constructor(runtime: Runtime, parent: Cell | undefined, mailbox: Mailbox = new Mailbox()) {
    this.runtime = runtime;
    this.parent = parent;
    this.mailbox = mailbox;
    this.pid = createPid(runtime.nextId(), this);
    runtime.processes.add(this);
    if (diagnostics.spawn.hasSubscribers) {
      diagnostics.spawn.publish({ pid: this.pid, parent: parent?.pid });
    }
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

  /** False when the mailbox was full and rejects. */
  push(message: unknown): boolean {
    if (this.status === 'dead') {
      return true;
    }
    const { mailbox } = this;
    if (mailbox.isFull()) {
      return this.#overflow(mailbox as BoundedMailbox, message);
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
  }

  /** The mailbox is full: applies its policy. False when that is to reject the message. */
  #overflow(mailbox: BoundedMailbox, message: unknown): boolean {
    const { overflow, capacity } = mailbox.options;
    const dropped = mailbox.pushFull(message);
    if (dropped instanceof Request) {
      dropped.fail(mailboxOverflow(capacity));
    }
    if (diagnostics.messageDropped.hasSubscribers) {
      diagnostics.messageDropped.publish({ pid: this.pid, message: unwrap(dropped) });
    }
    if (overflow === 'exit') {
      this.#exitOverflowed(mailboxOverflow(capacity));
    }
    return overflow !== 'reject';
  }

  /** The process itself is at fault: its end is reported, as a crash is. */
  #exitOverflowed(reason: ExitReason): void {
    const message = `process ${nameOf(this)} crashed: ${formatReason(reason)}`;
    this.runtime.logger.error({ process: String(this.pid), reason: formatReason(reason) }, message);
    this.end(reason);
  }

  #reportHighWater(): void {
    if (!this.#isHighWaterReported) {
      this.#isHighWaterReported = true;
      const { length } = this.mailbox;
      this.runtime.logger.warn(
        { messages: length },
        `${nameOf(this)} has ${length} messages waiting`,
      );
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
   * Takes no message until `promise` settles, then goes on with `resume`, whose answer is that of
   * `turn`. If the process ends first, the late result is dropped, and so is a late rejection.
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

  /** The processes that it monitors, one for each monitor, in order. */
  get monitored(): readonly Cell[] {
    return [...(this.#monitoring?.values() ?? [])];
  }

  /** The processes that monitor it, one for each monitor, in order. */
  get monitoredBy(): readonly Cell[] {
    return [...(this.#monitors?.values() ?? [])];
  }

  /**
   * Asks for `ref.down(reason)` when `target` ends; at once, with `noproc`, if it already has. Of
   * itself no process is told.
   */
  monitor(target: Cell | undefined, ref: MonitorRef): void {
    if (target === this || this.status === 'dead') {
      return;
    }
    if (target === undefined || target.status === 'dead') {
      this.pushSystem(ref.down(noproc));
      return;
    }
    (target.#monitors ??= new Map()).set(ref, this);
    (this.#monitoring ??= new Map()).set(ref, target);
  }

  /** False when there was nothing to take off. */
  demonitor(ref: MonitorRef): boolean {
    const target = this.#monitoring?.get(ref);
    this.#monitoring?.delete(ref);
    ref.off();
    return target !== undefined && (target.#monitors?.delete(ref) ?? false);
  }

  /**
   * Calls back when this process has ended, at once if it has already; not before its links were
   * told. Returns what takes it off.
   */
  onEnd(callback: (reason: ExitReason) => void): () => void {
    if (this.reason !== undefined) {
      callback(this.reason);
      return () => undefined;
    }
    (this.#onEnd ??= new Set()).add(callback);
    return () => void this.#onEnd?.delete(callback);
  }

  /**
   * An exit signal from `from`: by a link of its, or sent by `exit(from, this, reason)`, which
   * alone can kill.
   */
  receiveExit(from: Cell, reason: ExitReason, sent = false): void {
    if (this.status === 'dead') {
      return;
    }
    if (sent && reason.type === 'kill') {
      this.end(killed);
    } else if (this.trapExit) {
      this.pushSystem({ type: 'EXIT', pid: from.pid, reason } satisfies ExitMessage);
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
    if (diagnostics.exit.hasSubscribers) {
      diagnostics.exit.publish({ pid: this.pid, reason });
    }
    if (this.name !== undefined) {
      // Before anybody can be told: who sees the end finds the name free.
      this.runtime.names.delete(this.name);
    }
    this.#tell(reason);
  }

  /**
   * Told in a queue, not by calling down the links: a chain of a million linked processes must not
   * need a stack of a million frames, and each one is wholly ended before the next hears of it.
   */
  #tell(reason: ExitReason): void {
    const { exitQueue } = this.runtime;
    exitQueue.push(this);
    if (exitQueue.length > 1) {
      return;
    }
    for (let at = 0; at < exitQueue.length; at++) {
      (exitQueue[at] as Cell).#tellAll();
    }
    const ended = exitQueue.splice(0);
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
      watcher.#monitoring?.delete(ref);
      watcher.pushSystem(ref.down(reason));
    }
    for (const callback of this.#onEnd ?? []) {
      callback(reason);
    }
    this.ended(reason);
    this.#links = this.#monitoring = this.#monitors = this.#onEnd = this.asked = undefined;
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
      request.fail(reason);
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
  const cell = processOf(pid);
  if (cell === undefined) {
    throw new TypeError(`Expected a pid, got ${describe(pid)}`);
  }
  return cell as Cell;
}

/**
 * The running process behind what was handed to user code as `self`. Throws a `TypeError` for
 * anything else.
 */
export function cellOfProcess(process: Process<never>, what = 'self'): Cell {
  if (process instanceof Cell) {
    return process;
  }
  throw new TypeError(`Expected ${what} to be a process, got ${describe(process)}`);
}

/** The registered name, or else the pid: how reports call a process. */
export function nameOf(cell: Cell): string {
  return cell.name ?? String(cell.pid);
}

/** What the processes of one system share. */
export interface Runtime {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timers: Timers;
  readonly scheduler: {
    /** The process whose code is on the stack. */
    current: Cell | undefined;
    readonly isIdle: boolean;
    /** How many messages a process may handle in its turn. */
    readonly turnLength: number;
    yieldToMicrotasks(cell?: Cell): void;
    /** Gives `cell` a turn, after those that are already ready. */
    ready(cell: Cell): void;
  };
  readonly names: KeyTable<Cell>;
  readonly processes: Set<Cell>;
  /** Processes that have ended, and whose links and monitors do not know it yet. */
  readonly exitQueue: Cell[];
  readonly root: Cell & System;
  /** How many messages may wait in a mailbox before it is reported, once. */
  readonly highWaterMark: number;
  nextId(): number;
}
