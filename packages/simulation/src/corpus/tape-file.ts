import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe } from '@reprise/actor/text';

import type { Report } from '../report/report.ts';

/** A report in a file. */
export interface TapeFile {
  readonly path: string;
  readonly report: Report;
}

/** Raised when the content of a file means something else. */
const format = 1;

/** Longer traces lose their first steps in a file. */
const keptSteps = 500;

/**
 * Reads a file that `writeTape` wrote.
 * @throws TypeError if it is something else
 */
export function readTape(path: string): TapeFile {
  const content = contentOf(path);
  if (!isTape(content)) {
    throw new TypeError(
      `Expected ${path} to be a tape that a simulation has written (format ${format}), got ${describe(content)}`,
    );
  }
  return { path, report: content };
}

/** All tapes of a folder, by name; none if there is no such folder. */
export function readCorpus(folder: string): readonly TapeFile[] {
  return filesIn(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => readTape(join(folder, name)));
}

/**
 * Writes the report as `MODEL-SEED.json`, and returns the path. The stack is left out: its paths
 * are of one machine.
 */
export function writeTape(folder: string, { failure, ...report }: Report): string {
  mkdirSync(folder, { recursive: true });
  const { stack: _stack, ...kept } = { ...failure, trace: failure.trace.slice(-keptSteps) };
  const name = report.model.replaceAll(/[^\w]+/g, '-');
  const path = join(folder, `${name}-${failure.seed ?? failure.hash}.json`);
  writeFileSync(path, `${JSON.stringify({ format, ...report, failure: kept }, undefined, 1)}\n`);
  return path;
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw error;
  }
}

/** An error says as well why it is no tape. */
function contentOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return error;
  }
}

/** The format says the rest; a file that was edited by hand may still be wrong in it. */
function isTape(content: unknown): content is Report {
  const {
    format: given,
    model,
    failure,
  } = (content ?? {}) as Partial<Report> & {
    readonly format?: unknown;
  };
  return (
    given === format &&
    typeof model === 'string' &&
    typeof failure?.tape === 'object' &&
    Array.isArray(failure.trace)
  );
}
