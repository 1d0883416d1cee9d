import type { Life, LifeKind, Lives } from './lives.ts';
import { pathOf, type Row, type Rows } from './rows.ts';
import type { Texts } from './texts.ts';

/** A phase of a stream that is over. */
export interface EndedPhase {
  readonly pid: number;
  readonly from: number;
  readonly to: number;
  readonly kind: LifeKind;
  readonly reason: string;
}

/** A process that has ended, as it is kept. Times are those of the system's clock, in ms. */
export interface EndedLife {
  /** The ids from the top down; `undefined` for a process that was no child of a supervisor. */
  readonly path: string | undefined;
  readonly pid: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** How many messages it has taken. */
  readonly handled: number;
  /** Why it ended: at most 200 characters. */
  readonly reason: string;
}

/**
 * What has ended, as it is told: paths and texts are made only for what somebody wants. There may
 * be 65,536 lives, and a page asks again and again.
 */
export class Endings {
  readonly #lives: Lives;
  readonly #rows: Rows;
  readonly #texts: Texts;

  constructor(lives: Lives, rows: Rows, texts: Texts) {
    this.#lives = lives;
    this.#rows = rows;
    this.#texts = texts;
  }

  /** The processes that have ended, the oldest end first. */
  *processes(): Generator<EndedLife> {
    for (const life of this.#lives) {
      if (life.kind === 'process') {
        yield this.#told(life);
      }
    }
  }

  /** The newest ends at one place, the oldest of them first. */
  at(path: string, most: number): readonly EndedLife[] {
    const rows = this.#rows.at(path);
    return this.#newest(most, ({ row }) => rows.has(row));
  }

  /** How a process ended; `undefined` for one that is not known, or runs. */
  of(pid: number): EndedLife | undefined {
    return this.#newest(1, (life) => life.pid === pid)[0];
  }

  #newest(most: number, isMeant: (life: Life) => boolean): readonly EndedLife[] {
    const found: EndedLife[] = [];
    this.eachNewestFirst((life) => {
      if (found.length < most && life.kind === 'process' && isMeant(life)) {
        found.push(this.#told(life));
      }
    });
    return found.toReversed();
  }

  #told(life: Life): EndedLife {
    const { row, pid, from, to, handled } = life;
    const holder = this.#rows.get(row);
    const path = holder === undefined ? undefined : pathOf(holder);
    return { path, pid, startedAt: from, endedAt: to, handled, reason: this.reasonOf(life) };
  }

  /** The phases that are over, the oldest end first. */
  phases(): readonly (readonly [row: Row, phase: EndedPhase])[] {
    const found: (readonly [Row, EndedPhase])[] = [];
    this.eachNewestFirst((life) => {
      const { row, pid, from, to, kind } = life;
      const holder = kind === 'process' || kind === 'presence' ? undefined : this.#rows.get(row);
      if (holder !== undefined) {
        found.push([holder, { pid, from, to, kind, reason: this.reasonOf(life) }]);
      }
    });
    return found.toReversed();
  }

  /** Visits all that has ended, the newest first: always with the same object. */
  eachNewestFirst(visit: (life: Life) => void): void {
    this.#lives.eachNewestFirst(visit);
  }

  reasonOf({ reason }: Life): string {
    return this.#texts.get(reason);
  }

  /** The path of a row that has lives; `""` for none. */
  pathAt(row: number): string {
    const holder = this.#rows.get(row);
    return holder === undefined ? '' : pathOf(holder);
  }
}
