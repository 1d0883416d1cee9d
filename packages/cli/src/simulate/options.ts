import { availableParallelism } from 'node:os';

import type { CommandOptions } from '@reprise/simulation/command';

import { defined, expected, wholeNumber } from '../options/usage.ts';

/** The options as commander reads them. */
export interface GivenSimulateOptions {
  readonly seeds?: string;
  readonly from?: string;
  readonly time?: string;
  readonly seconds?: string;
  readonly model?: readonly string[];
  readonly replay?: string;
  readonly corpus?: string;
  readonly mutants?: string | true;
  readonly jobs?: string;
  readonly limit?: string;
  readonly bail?: true;
  readonly trace?: true;
  readonly json?: true;
}

/** In ms. */
const defaultLimit = 60_000;

/** @throws a `UsageError` for the first wrong one. */
export function readSimulateOptions(
  paths: readonly string[],
  given: GivenSimulateOptions,
): CommandOptions {
  if (given.time !== undefined && given.seconds !== undefined) {
    throw expected('either --time or --seconds', '--time and --seconds');
  }
  return {
    paths,
    models: given.model ?? [],
    jobs: wholeNumber('--jobs', given.jobs) ?? availableParallelism(),
    limit: time('--limit', given.limit) ?? defaultLimit,
    bail: given.bail === true,
    trace: given.trace === true,
    json: given.json === true,
    ...defined({
      seeds: wholeNumber('--seeds', given.seeds),
      from: wholeNumber('--from', given.from, 0),
      time: time('--time', given.time) ?? time('--seconds', given.seconds),
      replay: given.replay,
      corpus: given.corpus,
      mutants: given.mutants === true ? Infinity : wholeNumber('--mutants', given.mutants),
    }),
  };
}

/** In ms. */
function time(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const [, number = '0', unit = 's'] = /^(\d+\.?\d*|\.\d+)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Number(number) * (units[unit] ?? 0);
  if (ms <= 0) {
    throw expected(`${flag} to be a time above 0, such as 90s, 10m or 2h`, text);
  }
  return ms;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
