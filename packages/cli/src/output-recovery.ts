import { closeSync, fstatSync, openSync, readlinkSync, readSync, writeSync } from 'node:fs';

import type { CursorRecovery, HandledEvent } from '@reprise/sse';

/** A file as the operating system tells it from others. */
interface OutputFile {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/** How far the output was when an event was kept: the size of the file, in bytes. */
interface Mark extends OutputFile {
  readonly at: number;
}

/**
 * Finds the events that an earlier run printed as lines of JSON into a file, and that a `kill -9`
 * kept it from writing to its cursor. `undefined` if stdout is not a file, or if the operating
 * system does not tell which file it is (only Linux does).
 * @param isWanted whether a line, by its `source`, belongs to this cursor.
 */
export function outputRecovery(
  isWanted: (source: string) => boolean,
  fd = 1,
): CursorRecovery | undefined {
  const file = fileOf(fd);
  return (
    file && {
      mark: () => ({ ...file, at: fstatSync(fd).size }) satisfies Mark,
      handledSince: (mark) => {
        // Only now has the last run ended, and with it its writes to this file.
        endLine(fd, file);
        return isMark(mark) ? linesAfter(mark).filter(({ source }) => isWanted(source)) : [];
      },
    }
  );
}

function isMark(kept: unknown): kept is Mark {
  const { path, at } = (kept ?? {}) as Partial<Mark>;
  return typeof path === 'string' && typeof at === 'number';
}

function fileOf(fd: number): OutputFile | undefined {
  try {
    const { dev, ino } = fstatSync(fd);
    const path = readlinkSync(`/proc/self/fd/${fd}`);
    // The link of a pipe, or of a removed file, does not lead back to it.
    return withFile({ path, dev, ino }, () => ({ path, dev, ino }));
  } catch {
    return undefined;
  }
}

/** `undefined` if the file does not exist any more, or if another has its path. */
function withFile<Result>(
  { path, dev, ino }: OutputFile,
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

/** Ends a line that a kill cut off, so that the next event begins a line of its own. */
function endLine(fd: number, file: OutputFile): void {
  const last = withFile(file, (input, size) => textOf(input, Math.max(0, size - 1), size)) ?? '';
  if (last !== '' && last !== '\n') {
    writeSync(fd, '\n');
  }
}

/**
 * How much of the output is read, in bytes: other sources may have written far more behind the
 * mark, and the line that is looked for is among the last of its run.
 */
const longestRead = 2 ** 24;

interface Line extends HandledEvent {
  readonly source: string;
}

/** The complete lines behind the mark that are events. */
function linesAfter(mark: Mark): readonly Line[] {
  const text = withFile(mark, (fd, size) =>
    textOf(fd, Math.max(mark.at, size - longestRead), size),
  );
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
