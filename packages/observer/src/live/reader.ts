import type { JudgeOptions } from '../judge/limits.ts';
import type { Sink } from './sink.ts';

/** What the options of an observer say of its page. */
export interface PageOptions {
  /** The same object for all readers of a server. */
  readonly judge: JudgeOptions;
  readonly actions: readonly string[];
}

/** What a page shows: only of these it gets numbers. */
export interface Window {
  readonly rows: readonly number[];
  readonly streams: readonly number[];
}

const nothing: Window = { rows: [], streams: [] };
const most = 200;

/**
 * One page. While its socket takes no more, it gets nothing, and nothing is kept for it: once it
 * reads again, it gets everything as it is then.
 */
export class Reader {
  window: Window = nothing;
  readonly id: string;
  readonly options: PageOptions;
  readonly #sink: Sink;
  #isReady = true;
  /** It has missed something. */
  #isBehind = false;
  #opening = '';

  constructor(id: string, sink: Sink, options: PageOptions) {
    this.id = id;
    this.options = options;
    this.#sink = sink;
  }

  /** Whether the next write has to begin with everything. */
  get isBehind(): boolean {
    return this.#isBehind && this.#isReady;
  }

  /**
   * The first that it is told, which is sent with the look after it: a socket that is full of the
   * tree of a large system would take no look, and everything would be sent once more.
   */
  begin(opening: string): void {
    this.#opening = opening;
  }

  /** Goes on after the last write. Nothing of it is of use to one that has missed something. */
  write(text: string): void {
    if (!this.#isReady || this.#isBehind) {
      this.#isBehind = true;
      return;
    }
    const opening = this.#opening;
    this.#opening = '';
    this.#send(opening + text);
  }

  /** Begins with everything. */
  writeWhole(text: string): void {
    this.#isBehind = false;
    this.#send(text);
  }

  #send(text: string): void {
    if (text !== '' && !this.#sink.write(text)) {
      this.#isReady = false;
      this.#sink.onDrain(() => {
        this.#isReady = true;
      });
    }
  }

  end(text: string): void {
    this.#sink.write(text);
    this.#sink.end();
  }
}

/**
 * The window that a page has sent.
 * @throws TypeError for anything else
 */
export function windowOf(body: unknown): Window {
  const { rows, streams } = Object(body) as Partial<Record<keyof Window, unknown>>;
  return { rows: numbersOf(rows), streams: numbersOf(streams) };
}

function numbersOf(list: unknown): readonly number[] {
  if (!Array.isArray(list) || list.length > most || !list.every(Number.isSafeInteger)) {
    throw new TypeError(`Expected rows and streams, lists of at most ${most} numbers`);
  }
  return list as readonly number[];
}
