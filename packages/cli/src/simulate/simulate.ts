import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type * as Package from '@reprise/simulation/command';
import type { CommandOptions, Print } from '@reprise/simulation/command';

import { UsageError } from '../options/usage.ts';

/** Runs `reprise simulate`, and returns its exit status. */
export async function simulate(options: CommandOptions, print: Print): Promise<number> {
  const { runCommand } = await commandBeside(options.paths);
  try {
    return await runCommand(options, print);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

/**
 * The package as the file with the models imports it, so that both use one copy; else as this
 * program imports it. It may be missing: only `simulate` needs it.
 */
async function commandBeside(paths: readonly string[]): Promise<typeof Package> {
  const entry = [...paths.map(placeOf), import.meta.url].map(entryFrom).find(isDefined);
  if (entry === undefined) {
    throw new UsageError(missing);
  }
  return (await import(pathToFileURL(entry).href)) as typeof Package;
}

const missing =
  'Expected the package @reprise/simulation to be installed, got none: npm install --save-dev @reprise/simulation';

function isDefined(entry: string | undefined): entry is string {
  return entry !== undefined;
}

/** @throws a `UsageError` if there is no such file. */
function placeOf(path: string): string {
  const full = resolve(path);
  try {
    return statSync(full).isDirectory() ? join(full, 'module') : full;
  } catch {
    throw new UsageError(`Expected a file or a folder with models, got ${JSON.stringify(path)}`);
  }
}

function entryFrom(place: string): string | undefined {
  try {
    return createRequire(place).resolve('@reprise/simulation/command');
  } catch {
    return undefined;
  }
}

/** Of a file that cannot be loaded the stack names the line. */
function messageOf(error: unknown): string {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return isExpectation(error) ? message : stack;
}

function isExpectation(error: unknown): boolean {
  return error instanceof TypeError && error.message.startsWith('Expected');
}
