import type { Outcome, OwnedStream, SavedRow } from '../store.ts';

/** What a client that has stopped leaves. */
export type Rest = Pick<SavedRow, 'cursor' | 'recent' | 'strikes' | 'parked'>;

interface Stopping extends OwnedStream {
  /** Without one the stream stays here, and is claimed again. */
  readonly outcome: Outcome | undefined;
}

interface Running extends OwnedStream {
  /** It is not moved before this time. */
  readonly staysUntil: number;
}

interface Idle extends OwnedStream {
  readonly from: number;
}

/**
 * The streams that this node has, as it believes; each in one of four states.
 * ```text
 *   claim ──▶ running ──▶ stopping ──▶ releasing ──▶ free
 *     ▲          │                         ▲
 *     └── idle ◀─┴──── has crashed ────────┘ once too often
 * ```
 * `idle`: it belongs to this node, and nothing runs. It is claimed again, which reads its cursor
 * anew.
 */
export class Holdings {
  readonly #running: Map<string, Running> = new Map();
  readonly #stopping: Map<string, Stopping> = new Map();
  readonly #idle: Map<string, Idle> = new Map();
  readonly #releasing: Map<string, SavedRow> = new Map();
  readonly #states: readonly Map<string, OwnedStream>[] = [
    this.#running,
    this.#stopping,
    this.#idle,
    this.#releasing,
  ];

  get isEmpty(): boolean {
    return this.#states.every(({ size }) => size === 0);
  }

  /** How many streams are to stay here. */
  get owned(): number {
    return this.#running.size + this.#idle.size;
  }

  /** The streams that are to stay here, also those that are claimed again after a crash. */
  get staying(): readonly string[] {
    return [...this.#running.keys(), ...this.#idle.keys()];
  }

  get running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** The streams that may move to another node now. */
  movable(now: number): readonly string[] {
    return [...this.#running.values()]
      .filter(({ staysUntil }) => staysUntil <= now)
      .map(({ key }) => key);
  }

  /** All streams that the store gives to this node. */
  get all(): readonly OwnedStream[] {
    return this.#states.flatMap((state) => [...state.values()]);
  }

  has(key: string): boolean {
    return this.#states.some((state) => state.has(key));
  }

  /** Whether a client of this stream is here, at this epoch. */
  runs({ key, epoch }: OwnedStream): boolean {
    return (this.#running.get(key) ?? this.#stopping.get(key))?.epoch === epoch;
  }

  /** `staysUntil`: the stream is not to move to another node before this time. */
  start({ key, epoch }: OwnedStream, staysUntil: number): void {
    this.#move(this.#running, { key, epoch, staysUntil });
  }

  /** A client is to stop in order. Returns its stream, unless none runs. */
  stop(key: string, outcome: Outcome | undefined): OwnedStream | undefined {
    const { epoch } = this.#running.get(key) ?? {};
    if (epoch === undefined) {
      return undefined;
    }
    this.#move(this.#stopping, { key, epoch, outcome });
    return { key, epoch };
  }

  /** Whether the client was told to stop. */
  isStopping(key: string): boolean {
    return this.#stopping.has(key);
  }

  /** Nothing runs any more, and the stream becomes free, unless it was stopped to start anew. */
  release({ key, epoch }: OwnedStream, outcome: Outcome, rest: Rest = {}): void {
    const stopping = this.#stopping.get(key);
    const asked = stopping === undefined ? outcome : stopping.outcome;
    this.#move(this.#releasing, { key, epoch, outcome: asked, ...rest });
  }

  /** Nothing runs any more, and the stream is claimed again from this time on. */
  claimAgain({ key, epoch }: OwnedStream, from: number): void {
    this.#move(this.#idle, { key, epoch, from });
  }

  forget(key: string): void {
    for (const state of this.#states) {
      state.delete(key);
    }
  }

  clear(): void {
    for (const state of this.#states) {
      state.clear();
    }
  }

  /** When the next idle stream is to be claimed. */
  get idleAt(): number {
    return [...this.#idle.values()].reduce((least, { from }) => Math.min(least, from), Infinity);
  }

  /** The idle streams that are to be claimed by this time. */
  idle(now: number): readonly OwnedStream[] {
    return [...this.#idle.values()]
      .filter(({ from }) => from <= now)
      .map(({ key, epoch }) => ({ key, epoch }));
  }

  /** They are claimed now. What the answer lacks waits for a view: its epoch has changed. */
  sendIdle(now: number): readonly OwnedStream[] {
    const sent = this.idle(now);
    for (const stream of sent) {
      this.claimAgain(stream, Infinity);
    }
    return sent;
  }

  get hasReleases(): boolean {
    return this.#releasing.size > 0;
  }

  /** The rows that make streams free: they are sent now. */
  sendReleases(): readonly SavedRow[] {
    return [...this.#releasing.values()];
  }

  /**
   * The rows are written: the streams are free, or were not of this node any more. One without an
   * outcome is claimed again, which reads the cursor that was written. A row of a stream that was
   * only cleared of its strikes is none of these: it may have stopped while that was written.
   */
  released(rows: readonly SavedRow[]): void {
    for (const row of rows) {
      const { key, epoch, outcome } = row;
      if (this.#releasing.get(key) === row) {
        this.#releasing.delete(key);
        if (outcome === undefined) {
          this.claimAgain({ key, epoch }, -Infinity);
        }
      }
    }
  }

  /**
   * Compares with the streams that the store gives to this node. What the store lacks is taken out,
   * and returned if a client of it is here. What it has in addition becomes idle: the answer to a
   * claim was lost.
   */
  reconcile(mine: readonly OwnedStream[], now: number): readonly OwnedStream[] {
    const epochs = new Map(mine.map(({ key, epoch }) => [key, epoch]));
    const lost = this.all.filter(({ key, epoch }) => epochs.get(key) !== epoch);
    const toStop = lost
      .filter((stream) => this.runs(stream))
      .map(({ key, epoch }) => ({ key, epoch }));
    for (const { key } of lost) {
      this.forget(key);
    }
    for (const stream of mine.filter(({ key }) => !this.has(key))) {
      this.claimAgain(stream, now);
    }
    return toStop;
  }

  /** A view has arrived: streams that were claimed in vain, and are here, are claimed again. */
  retryIdle(now: number): void {
    for (const { key, epoch, from } of this.#idle.values()) {
      if (from === Infinity) {
        this.claimAgain({ key, epoch }, now);
      }
    }
  }

  #move<Held extends OwnedStream>(to: Map<string, Held>, stream: Held): void {
    this.forget(stream.key);
    to.set(stream.key, stream);
  }
}
