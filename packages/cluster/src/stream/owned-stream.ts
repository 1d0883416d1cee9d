import {
  type Clock,
  exit,
  ExitError,
  type ExitReason,
  killed,
  type Pid,
  type Process,
  shutdownWith,
  trapExit,
} from '@reprise/actor';
import type { SseClient } from '@reprise/sse';

import type { Claim, CursorMove } from '../store.ts';
import type { HeldThread } from './held-thread.ts';

/** What the streams of a node share. */
export interface Host {
  readonly clock: Clock;
  /** As `Math.random`. */
  readonly random: () => number;
  readonly heldThread: HeldThread;
  /** Whether the lease of the node is good. If not, the member hears of it. */
  readonly isGood: () => boolean;
  /** The cursor of a stream has moved. The stream waits for the promise, if there is one. */
  readonly moved: (stream: OwnedStream) => Promise<void> | undefined;
  /** The store has refused a write of this stream, and its client has been ended. */
  readonly refused: (stream: OwnedStream) => void;
  /** The store could not begin a transaction, which is tried again. */
  readonly failed: (error: unknown) => void;
  /** The client has ended. */
  readonly ended: (stream: OwnedStream, reason: ExitReason) => void;
}

/**
 * A stream that this node owns, from its claim on. The member and the client of the stream both
 * look at it: they share a thread, and a message would arrive later than the end of a lease.
 */
export class OwnedStream {
  readonly claim: Claim;
  readonly data: unknown;
  readonly host: Host;
  readonly startedAt: number;
  /** Since when its clients crash on this node, unless an event was handled since. */
  readonly crashedSince: number | undefined;
  /** The text of the position after the last event that was handled; `''` for none. */
  cursor: string;
  /** The text of the ids of the last events. */
  recent: string | undefined;
  /** The last transaction that was begun. */
  begun: CursorMove | undefined = undefined;
  /** The last transaction that the store has acknowledged. */
  committed: CursorMove | undefined = undefined;
  /** How many moves of the cursor the store does not have. */
  unsaved = 0;
  /** When the first event since the claim was handled; `Infinity` while its handler is at work. */
  firstHandledAt: number | undefined = undefined;
  /** The client will not go on: its source has refused it for good, or has ended the stream. */
  verdict: 'gaveUp' | 'ended' | undefined = undefined;
  /** Since when the client is without a connection; `undefined` while it has one. */
  lostSince: number | undefined;
  /** The process of the client, from its first report on. */
  #client: Process | undefined = undefined;
  #pid: Pid | undefined = undefined;
  /** `stopping`: in order. `over`: the client has been ended. */
  #phase: 'running' | 'stopping' | 'over' = 'running';

  constructor(claim: Claim, data: unknown, host: Host, crashedSince: number | undefined) {
    this.claim = claim;
    this.crashedSince = crashedSince;
    this.data = data;
    this.host = host;
    this.cursor = claim.cursor;
    this.recent = claim.recent;
    this.startedAt = host.clock.now();
    this.lostSince = this.startedAt;
  }

  get key(): string {
    return this.claim.key;
  }

  get epoch(): number {
    return this.claim.epoch;
  }

  /** The client, once it has started. */
  get pid(): Pid | undefined {
    return this.#client?.pid ?? this.#pid;
  }

  /** Aborts when the client ends. */
  get signal(): AbortSignal {
    return this.#client?.signal ?? neverAborts;
  }

  get isStopping(): boolean {
    return this.#phase === 'stopping';
  }

  get isOver(): boolean {
    return this.#phase === 'over';
  }

  /** The client runs, and will make its first report soon. */
  started(pid: Pid): void {
    this.#pid = pid;
  }

  /** A change in the life of the client. */
  observe({ type }: SseClient.StatusChange, client: Process): void {
    if (this.#client === undefined) {
      this.#attach(client);
    }
    if (type === 'connected') {
      this.lostSince = undefined;
    } else if (type === 'disconnected') {
      this.lostSince ??= this.host.clock.now();
    } else if (type === 'gaveUp' || type === 'ended') {
      this.verdict = type;
    }
  }

  /**
   * The first report of the client: from now on its process is known. With a cursor it traps exits,
   * to have time for a last write; here it has none to make, and is to end at once.
   */
  #attach(client: Process): void {
    this.#client = client;
    trapExit(client, false);
    client.signal.addEventListener('abort', () => {
      const reason: unknown = client.signal.reason;
      this.host.ended(this, reason instanceof ExitError ? reason.reason : killed);
    });
    this.#exit(client);
  }

  /** What the store lacks of it when its client has ended. */
  get rest(): { readonly cursor?: string; readonly recent?: string } {
    const { cursor, recent, unsaved } = this;
    return {
      ...(unsaved === 0 ? {} : { cursor }),
      ...(recent === undefined || recent === this.claim.recent ? {} : { recent }),
    };
  }

  /** An event is to be handled. */
  begins(): void {
    this.firstHandledAt ??= Infinity;
  }

  /** It has been. */
  handled(): void {
    if (!this.hasHandled) {
      this.firstHandledAt = this.host.clock.now();
    }
  }

  /** Whether an event has been handled since the claim. */
  get hasHandled(): boolean {
    return (this.firstHandledAt ?? Infinity) < Infinity;
  }

  /** Whether a handler may begin now. */
  mayBegin(): boolean {
    return this.#phase !== 'over' && this.host.isGood();
  }

  // Ends

  /** The client ends once its handler has settled and its event is acknowledged. */
  stop(member: Process): void {
    this.#phase = 'stopping';
    this.#exit(member);
  }

  /** The stream may not go on here: its client ends at once, whatever its handler does. */
  fence(by: Process): void {
    this.#phase = 'over';
    this.#exit(by);
  }

  /** The store has refused a write: the client ends itself. */
  refuse(): void {
    if (this.#phase !== 'over' && this.#client !== undefined) {
      this.fence(this.#client);
      this.host.refused(this);
    }
  }

  /** An exit signal that is trapped waits for the handler; one that is not ends the client now. */
  #exit(by: Process): void {
    if (this.#client !== undefined && this.#phase !== 'running') {
      trapExit(this.#client, this.#phase === 'stopping');
      exit(by, this.#client.pid, shutdownWith(this.#phase === 'over' ? 'fenced' : 'released'));
    }
  }
}

const neverAborts = new AbortController().signal;
