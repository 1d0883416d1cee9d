import { Counters } from './counters.ts';
import { type ExitReason, killed, noproc } from './exit-reason.ts';
import type { MonitorRef } from './monitor-ref.ts';
import type { Pid } from './pid.ts';
import type { ExitMessage } from './process.ts';

/**
 * The links and monitors of a process, and the exit signals that come by them. A base class, and
 * not an object of its own: most processes are idle, and one object less each is memory saved.
 *
 * `Peer` is the class of all processes, which extends this one.
 */
export abstract class Linkable<Peer extends Linkable<Peer>> extends Counters {
  abstract readonly pid: Pid;
  trapExit = false;
  #links: Set<Peer> | undefined = undefined;
  /** The processes that this one monitors. */
  #monitors: Map<MonitorRef<Peer>, Peer> | undefined = undefined;
  /** The monitors of this process, each owned by the process that set it. */
  #monitoredBy: Set<MonitorRef<Peer>> | undefined = undefined;
  #onEnd: Set<(reason: ExitReason) => void> | undefined = undefined;

  abstract get isAlive(): boolean;
  /** Why it ended; `undefined` while it lives. */
  abstract readonly reason: ExitReason | undefined;
  /** Puts a message into its mailbox. False when that is full and rejects it. */
  abstract push(message: unknown): boolean;
  /** Puts a message of the system's own into its mailbox. */
  abstract pushSystem(message: object): void;
  abstract end(reason: ExitReason): void;

  link(this: Peer, other: Peer): void {
    if (other === this || !this.isAlive) {
      return;
    }
    if (!other.isAlive) {
      this.receiveExit(other, noproc);
      return;
    }
    this.addLink(other);
    other.addLink(this);
  }

  unlink(this: Peer, other: Peer): void {
    this.removeLink(other);
    other.removeLink(this);
  }

  /** One half of a link. */
  addLink(other: Peer): void {
    (this.#links ??= new Set()).add(other);
  }

  removeLink(other: Peer): void {
    this.#links?.delete(other);
  }

  isLinked(other: Peer): boolean {
    return this.#links?.has(other) ?? false;
  }

  /** The linked processes, in the order in which they were linked. */
  get links(): readonly Peer[] {
    return [...(this.#links ?? [])];
  }

  /** The processes that it monitors, one for each monitor, in order. */
  get monitors(): readonly Peer[] {
    return [...(this.#monitors?.values() ?? [])];
  }

  /** The processes that monitor it, one for each monitor, in order. */
  get monitoredBy(): readonly Peer[] {
    return [...(this.#monitoredBy ?? [])].map((ref) => ref.owner());
  }

  /**
   * Receives `ref.down(reason)` when `target` ends; at once, with `noproc`, if it has ended. A
   * process that monitors itself receives nothing.
   */
  monitor(this: Peer, target: Peer | undefined, ref: MonitorRef<Peer>): void {
    if (target === this || !this.isAlive) {
      return;
    }
    if (target === undefined || !target.isAlive) {
      this.pushSystem(ref.down(noproc));
      return;
    }
    target.addMonitorOf(ref);
    (this.#monitors ??= new Map()).set(ref, target);
  }

  /** False when there was no such monitor any more: an alias without one stays as it is. */
  demonitor(ref: MonitorRef<Peer>): boolean {
    const target = this.#monitors?.get(ref);
    if (target === undefined) {
      return false;
    }
    this.#monitors?.delete(ref);
    ref.off();
    return target.removeMonitorOf(ref);
  }

  /** The half of a monitor that the monitored process has. */
  addMonitorOf(ref: MonitorRef<Peer>): void {
    (this.#monitoredBy ??= new Set()).add(ref);
  }

  /** False when it has no such monitor any more. */
  removeMonitorOf(ref: MonitorRef<Peer>): boolean {
    return this.#monitoredBy?.delete(ref) ?? false;
  }

  /** Tells the owner of a monitor that the monitored process has ended. */
  monitoredEnded(ref: MonitorRef<Peer>, reason: ExitReason): void {
    this.#monitors?.delete(ref);
    this.pushSystem(ref.down(reason));
  }

  /**
   * Calls back when this process has ended, after its exit signals and DOWN messages are sent; at
   * once if it has ended already. Returns a function that removes the callback.
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
   * An exit signal from `from`: over a link, or, if `isSent`, by `exit(from, this, reason)`. Only a
   * sent one can kill.
   */
  receiveExit(this: Peer, from: Peer, reason: ExitReason, isSent = false): void {
    if (!this.isAlive) {
      return;
    }
    if (isSent && reason.type === 'kill') {
      this.end(killed);
    } else if (this.trapExit) {
      this.pushSystem({ type: 'EXIT', pid: from.pid, reason } satisfies ExitMessage);
    } else if (reason.type !== 'normal' || (isSent && from === this)) {
      this.end(reason);
    }
  }

  /**
   * Sends the exit signals and DOWN messages of its end, calls `onEnd` back, and forgets them all.
   */
  protected sendEndSignals(this: Peer, reason: ExitReason): void {
    for (const other of this.#links ?? []) {
      other.removeLink(this);
      other.receiveExit(this, reason);
    }
    for (const [ref, target] of this.#monitors ?? []) {
      target.removeMonitorOf(ref);
    }
    for (const ref of this.#monitoredBy ?? []) {
      ref.owner().monitoredEnded(ref, reason);
    }
    for (const callback of this.#onEnd ?? []) {
      callback(reason);
    }
    this.#links = this.#monitors = this.#monitoredBy = this.#onEnd = undefined;
  }
}
