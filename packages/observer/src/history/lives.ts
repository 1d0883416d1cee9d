/** A span of time in which something was: a process, or a child in its supervisor. */
export interface Life {
  /** The number of the row that it belongs to. */
  readonly row: number;
  /** The id of the process, also of a stream; 0 for the presence of a child. */
  readonly pid: number;
  /** On the system's clock, in ms. */
  readonly from: number;
  /** When it ended. At this moment it was over. */
  readonly to: number;
  /** How many messages the process has taken. */
  readonly handled: number;
  readonly kind: LifeKind;
  /** The number of the text that says why it ended. */
  readonly reason: number;
  /** Whether its end was a crash: the text does not tell. */
  readonly isCrash: boolean;
}

/**
 * `process`: one process. `presence`: a child, running or not, from its first start on. The others
 * are phases of a stream; `ignored` is a moment: the server has ignored the cursor.
 */
export type LifeKind = 'process' | 'presence' | PhaseKind | 'ignored';
/** A stream is `waiting` while it neither is connected nor tries to be. */
export type PhaseKind = 'connecting' | 'connected' | 'waiting';

const kinds: readonly LifeKind[] = [
  'process',
  'presence',
  'connecting',
  'connected',
  'waiting',
  'ignored',
];

/** Limits of what is kept. */
export interface LivesLimits {
  /** A multiple of `chunkSize`. */
  readonly lives: number;
  /** How long after its end a life is kept, in ms. */
  readonly age: number;
}

/** Lives in one piece of memory: 160 KB. */
export const chunkSize = 4096;

/**
 * The lives that have ended, in columns of numbers: 39 bytes each, where objects take hundreds. A
 * ring of chunks, in the order in which the lives were added: the newest life overwrites the oldest
 * when all chunks are full. A chunk whose lives are all forgotten is given back.
 */
export class Lives {
  readonly #limits: LivesLimits;
  readonly #forgotten: (row: number, reason: number) => void;
  readonly #chunks: (Chunk | undefined)[];
  /** Of all lives that were ever added, the number of the first that is kept, and of the next. */
  #first = 0;
  #next = 0;
  #completeSince = -Infinity;

  /** `forgotten`: is called with the row and the reason of each life that is not kept any more. */
  constructor(limits: LivesLimits, forgotten: (row: number, reason: number) => void) {
    this.#limits = limits;
    this.#forgotten = forgotten;
    this.#chunks = new Array<Chunk | undefined>(limits.lives / chunkSize).fill(undefined);
  }

  get length(): number {
    return this.#next - this.#first;
  }

  /** From when on no life is missing: before, there were some that are forgotten. */
  get completeSince(): number {
    return this.#completeSince;
  }

  /** Returns its number, of all lives that were ever added. */
  add(life: Life, now: number): number {
    this.expire(now);
    if (this.length === this.#limits.lives) {
      this.#forgetFirst();
    }
    const slot = this.#slotOf(this.#next);
    const chunk = (this.#chunks[slot] ??= new Chunk());
    chunk.write(this.#next % chunkSize, life);
    this.#next += 1;
    return this.#next - 1;
  }

  /** The end of the life of this number was a crash: that is known some time after the end. */
  crashed(index: number): void {
    if (index >= this.#first) {
      this.#chunkOf(index).crashed(index % chunkSize);
    }
  }

  /** Forgets the lives that ended too long ago. */
  expire(now: number): void {
    while (this.length > 0 && this.#at(this.#first).to < now - this.#limits.age) {
      this.#forgetFirst();
    }
  }

  /** The oldest end first. */
  *[Symbol.iterator](): Generator<Life> {
    for (let index = this.#first; index < this.#next; index++) {
      yield this.#at(index);
    }
  }

  /**
   * Visits all of them, the newest first: always with the same object, which must not be kept.
   * Objects for each of 65,536 lives would hold the thread for long.
   */
  eachNewestFirst(visit: (life: Life) => void): void {
    const life = emptyLife();
    for (let index = this.#next - 1; index >= this.#first; index--) {
      visit(this.#chunkOf(index).readInto(index % chunkSize, life));
    }
  }

  /** Those that had begun at `time` and were not over. */
  *at(time: number): Generator<Life> {
    for (let index = this.#first; index < this.#next; index++) {
      if (this.#chunkOf(index).isAt(index % chunkSize, time)) {
        yield this.#at(index);
      }
    }
  }

  #at(index: number): Life {
    return this.#chunkOf(index).read(index % chunkSize);
  }

  #forgetFirst(): void {
    const { row, reason, to } = this.#at(this.#first);
    const slot = this.#slotOf(this.#first);
    this.#first += 1;
    this.#completeSince = Math.max(this.#completeSince, to);
    if (slot !== this.#slotOf(this.#first) && slot !== this.#slotOf(this.#next)) {
      this.#chunks[slot] = undefined;
    }
    this.#forgotten(row, reason);
  }

  #slotOf(index: number): number {
    return Math.floor(index / chunkSize) % this.#chunks.length;
  }

  #chunkOf(index: number): Chunk {
    return this.#chunks[this.#slotOf(index)] as Chunk;
  }
}

type Written = { -readonly [Key in keyof Life]: Life[Key] };

function emptyLife(): Written {
  return { row: 0, pid: 0, from: 0, to: 0, handled: 0, kind: 'process', reason: 0, isCrash: false };
}

/** Above the numbers of the kinds. */
const crashBit = 128;

class Chunk {
  readonly #rows = new Uint32Array(chunkSize);
  readonly #pids = new Float64Array(chunkSize);
  readonly #from = new Float64Array(chunkSize);
  readonly #to = new Float64Array(chunkSize);
  readonly #handled = new Float64Array(chunkSize);
  readonly #kinds = new Uint8Array(chunkSize);
  readonly #reasons = new Uint16Array(chunkSize);

  write(at: number, { row, pid, from, to, handled, kind, reason, isCrash }: Life): void {
    this.#rows[at] = row;
    this.#pids[at] = pid;
    this.#from[at] = from;
    this.#to[at] = to;
    this.#handled[at] = handled;
    this.#kinds[at] = kinds.indexOf(kind) | (isCrash ? crashBit : 0);
    this.#reasons[at] = reason;
  }

  crashed(at: number): void {
    this.#kinds[at] = (this.#kinds[at] ?? 0) | crashBit;
  }

  read(at: number): Life {
    return this.readInto(at, emptyLife());
  }

  readInto(at: number, life: Written): Life {
    life.row = this.#rows[at] ?? 0;
    life.pid = this.#pids[at] ?? 0;
    life.from = this.#from[at] ?? 0;
    life.to = this.#to[at] ?? 0;
    life.handled = this.#handled[at] ?? 0;
    const kind = this.#kinds[at] ?? 0;
    life.kind = kinds[kind & ~crashBit] ?? 'process';
    life.isCrash = (kind & crashBit) !== 0;
    life.reason = this.#reasons[at] ?? 0;
    return life;
  }

  isAt(at: number, time: number): boolean {
    return (this.#from[at] ?? 0) <= time && time < (this.#to[at] ?? 0);
  }
}
