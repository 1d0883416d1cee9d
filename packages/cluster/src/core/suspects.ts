import type { Claim, FreeStream, OwnedStream, SavedRow } from '../store.ts';

/**
 * From so many strikes on a stream is started with few others, or alone. Two nodes may well die one
 * soon after the other for reasons of their own, and their streams are not to wait for that.
 */
const leastOfSuspect = 3;
const leastOfLonely = 4;
/** A stream that runs for so long after its first event is not the reason of deaths, in ms. */
const trial = 2000;
/** Without any event it takes so long, in ms: the one that kills may be on its way. */
const quietTrial = 20_000;

export interface SuspectsOptions {
  /** With so many strikes a stream is parked. */
  readonly most: number;
  /** When a stream that runs here handled its first event; `Infinity` while that is at work. */
  readonly firstHandledAt: (key: string) => number | undefined;
}

interface Struck extends OwnedStream {
  readonly strikes: number;
  readonly startedAt: number;
}

/**
 * The streams of a node that have strikes. A suspect may end the process, and then all that runs
 * beside it gets a strike, too. So suspects are tried: first one, then twice as many each time that
 * all have run for a while. One that has failed a trial is tried alone.
 */
export class Suspects {
  readonly #firstHandledAt: (key: string) => number | undefined;
  /** From so many strikes on a stream is a suspect, and from so many on it is tried alone. */
  readonly #least: { readonly suspect: number; readonly lonely: number };
  readonly #struck: Map<string, Struck> = new Map();
  readonly #tried: Set<string> = new Set();
  #batch = 1;

  constructor({ most, firstHandledAt }: SuspectsOptions) {
    this.#firstHandledAt = firstHandledAt;
    // It has to be tried alone before it may be parked.
    this.#least = {
      suspect: Math.max(1, Math.min(leastOfSuspect, most - 2)),
      lonely: Math.max(1, Math.min(leastOfLonely, most - 1)),
    };
  }

  get count(): number {
    return [...this.#struck.values()].filter((each) => this.isSuspect(each)).length;
  }

  /** Whether a stream may be the reason of deaths. */
  isSuspect({ strikes }: Pick<FreeStream, 'strikes'>): boolean {
    return strikes >= this.#least.suspect;
  }

  strikesOf(key: string): number {
    return this.#struck.get(key)?.strikes ?? 0;
  }

  started(claim: Claim, now: number): void {
    const { key, epoch, strikes } = claim;
    this.stopped(key);
    if (strikes > 0) {
      this.#struck.set(key, { key, epoch, strikes, startedAt: now });
    }
    if (this.isSuspect(claim)) {
      this.#tried.add(key);
    }
  }

  /** A client that starts again here was not well until now. */
  crashed(key: string, now: number): void {
    const struck = this.#struck.get(key);
    if (struck !== undefined) {
      this.#struck.set(key, { ...struck, startedAt: now });
    }
  }

  stopped(key: string): void {
    this.#struck.delete(key);
    this.#tried.delete(key);
  }

  /** A client was given up: the next trial begins with one stream again. */
  failed(key: string): void {
    this.stopped(key);
    this.#batch = 1;
  }

  clear(): void {
    this.#struck.clear();
    this.#tried.clear();
    this.#batch = 1;
  }

  /** Whether a stream is not the reason of the deaths, as far as can be told, or has no strikes. */
  isWell(
    key: string,
    now: number,
    firstHandledAt: number | undefined = this.#firstHandledAt(key),
  ): boolean {
    const struck = this.#struck.get(key);
    return struck === undefined || now >= wellAt(struck, firstHandledAt);
  }

  /** Of free streams, those that may be started now. */
  admit(free: readonly FreeStream[], now: number): readonly FreeStream[] {
    this.#endTrial(now);
    const suspects = free.filter((stream) => this.isSuspect(stream));
    if (suspects.length === 0) {
      return free;
    }
    const others = free.filter((stream) => !this.isSuspect(stream));
    return this.#tried.size > 0 ? others : [...others, ...this.#next(suspects)];
  }

  /** When the trial is over; Infinity if there is none. */
  get trialEndsAt(): number {
    return this.#tried.size === 0 ? Infinity : this.#trialEnd;
  }

  /** When the next stream has been well for long enough to have no strikes any more. */
  get acquitAt(): number {
    return [...this.#struck.values()].reduce(
      (least, struck) => Math.min(least, wellAt(struck, this.#firstHandledAt(struck.key))),
      Infinity,
    );
  }

  /** The rows that clear the strikes of streams that are well. */
  acquittals(now: number): readonly SavedRow[] {
    return [...this.#struck.values()]
      .filter(({ key }) => this.isWell(key, now))
      .map(({ key, epoch }) => ({ key, epoch, strikes: 0 }));
  }

  /** The rows are written. */
  acquitted(rows: readonly SavedRow[]): void {
    for (const { key, epoch, outcome } of rows) {
      if (outcome === undefined && this.#struck.get(key)?.epoch === epoch) {
        this.#struck.delete(key);
      }
    }
  }

  /**
   * One that is tried alone has to be well: the next one would have its last strike by its death.
   * Its first handler may never settle, so the others do not wait for that.
   */
  get #trialEnd(): number {
    const ends = [...this.#tried].map((key) => {
      const struck = this.#struck.get(key);
      if (struck === undefined) {
        return -Infinity;
      }
      const { strikes, startedAt } = struck;
      return strikes < this.#least.lonely
        ? startedAt + trial
        : Math.min(startedAt + quietTrial, wellAt(struck, this.#firstHandledAt(key)));
    });
    return Math.max(...ends);
  }

  #endTrial(now: number): void {
    if (this.#tried.size > 0 && now >= this.#trialEnd) {
      this.#tried.clear();
      this.#batch *= 2;
    }
  }

  #next(suspects: readonly FreeStream[]): readonly FreeStream[] {
    const due = suspects.filter(isDue).toSorted((a, b) => a.strikes - b.strikes);
    const few = due.filter(({ strikes }) => strikes < this.#least.lonely);
    return few.length > 0 ? few.slice(0, this.#batch) : due.slice(0, 1);
  }
}

function wellAt({ startedAt }: Struck, firstHandledAt: number | undefined): number {
  return firstHandledAt === undefined
    ? startedAt + quietTrial
    : Math.max(startedAt, firstHandledAt) + trial;
}

/** The more nodes have died with a stream, the later it is taken again. */
function isDue({ strikes, deadFor }: FreeStream): boolean {
  return deadFor === 0 || deadFor >= 1000 * 2 ** (strikes - 2);
}
