import { closeSync, fstatSync, openSync, readlinkSync, readSync, writeSync } from 'node:fs';

import type { CursorStore } from '@reprise/sse';

/** One that can have the writing ready before the line is printed, as that of SQLite. */
type StagingStore = CursorStore & Required<Pick<CursorStore, 'stage'>>;

/** A file that lines went to, and where in it the line of the last event kept begins. */
interface Place {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly at: number;
}

/** What a cursor is kept as, with the place of its line. */
interface Kept {
  readonly lastEventId: string;
  readonly recent: readonly string[];
  readonly output?: Place;
}

interface Line {
  readonly source: string;
  readonly id: string | null;
  readonly lastEventId: string;
}

/**
 * The same store for a program that prints lines of JSON to a file. A `kill -9` between the
 * printing of an event and its keeping leaves a line that the cursor does not know of: the next run
 * finds it where it was printed. `undefined` where stdout is no file, or the system does not say
 * which (only Linux does).
 */
export function shownStore(
  store: StagingStore,
  isShown: (source: string) => boolean,
  fd = 1,
): CursorStore | undefined {
  const file = fileOf(fd);
  return file && new ShownStore(store, isShown, fd, file);
}

class ShownStore implements CursorStore {
  readonly #store: StagingStore;
  readonly #isShown: (source: string) => boolean;
  readonly #fd: number;
  readonly #file: Omit<Place, 'at'>;

  constructor(
    store: StagingStore,
    isShown: (source: string) => boolean,
    fd: number,
    file: Omit<Place, 'at'>,
  ) {
    this.#store = store;
    this.#isShown = isShown;
    this.#fd = fd;
    this.#file = file;
  }

  open(): void {
    this.#store.open?.();
    // Only now has the last run let go of the cursor, and so of its output.
    endLine(this.#fd, this.#file);
  }

  close(): void {
    this.#store.close?.();
  }

  get(key: string): unknown {
    const text = this.#store.get(key);
    const kept = typeof text === 'string' ? keptIn(text) : undefined;
    if (kept?.output === undefined) {
      return text;
    }
    const lines = linesFrom(kept.output).filter(({ source }) => this.#isShown(source));
    // Kept at once: the file may be gone when it is asked for again.
    const shown = JSON.stringify(lines.reduce(afterLine, kept));
    this.#store.set(key, shown);
    return shown;
  }

  set(key: string, value: string): unknown {
    return this.#store.set(key, this.#placed(value));
  }

  stage(key: string, value: string): ReturnType<StagingStore['stage']> {
    return this.#store.stage(key, this.#placed(value));
  }

  /** With the place of the line that is printed next; the text is that of an object. */
  #placed(value: string): string {
    const output: Place = { ...this.#file, at: fstatSync(this.#fd).size };
    return `${value.slice(0, -1)},"output":${JSON.stringify(output)}}`;
  }
}

function fileOf(fd: number): Omit<Place, 'at'> | undefined {
  try {
    const { dev, ino } = fstatSync(fd);
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    // Not so for a pipe, nor for a file that has been removed.
    return withFile({ path, dev, ino }, () => ({ path, dev, ino }));
  } catch {
    return undefined;
  }
}

/** `undefined` if the file is not there any more, or another is in its place. */
function withFile<Result>(
  { path, dev, ino }: Omit<Place, 'at'>,
  read: (fd: number, size: number) => Result,
): Result | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const found = fstatSync(fd);
    const isSame = found.isFile() && found.dev === dev && found.ino === ino;
    return isSame ? read(fd, found.size) : undefined;
  } finally {
    closeSync(fd);
  }
}

/** A line that a kill cut off is not continued by the next. */
function endLine(fd: number, file: Omit<Place, 'at'>): void {
  const last = withFile(file, (input, size) => textOf(input, Math.max(0, size - 1), size)) ?? '';
  if (last !== '' && last !== '\n') {
    writeSync(fd, '\n');
  }
}

/**
 * Of a file with many lines of other sources, only the last are read, in bytes: the line that was
 * not kept is the last of its run.
 */
const farthest = 2 ** 24;

/** The whole lines from there on that are events. */
function linesFrom(place: Place): readonly Line[] {
  const text = withFile(place, (fd, size) => textOf(fd, Math.max(place.at, size - farthest), size));
  return (text ?? '').split('\n').slice(0, -1).flatMap(lineIn);
}

function textOf(fd: number, from: number, to: number): string {
  const buffer = Buffer.alloc(Math.max(0, to - from));
  return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from));
}

function lineIn(text: string): readonly Line[] {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    return typeof line?.source === 'string' && typeof line.lastEventId === 'string'
      ? [line as Line]
      : [];
  } catch {
    return [];
  }
}

function keptIn(text: string): Kept | undefined {
  try {
    return JSON.parse(text) as Kept;
  } catch {
    // The cursor says itself what is wrong with it.
    return undefined;
  }
}

/** A cursor after the event of a line, which may be one that it knows. */
function afterLine(kept: Kept, { id, lastEventId }: Line): Kept {
  const isNew = id !== null && id !== '' && !kept.recent.includes(id);
  return { ...kept, lastEventId, recent: isNew ? [...kept.recent, id] : kept.recent };
}
