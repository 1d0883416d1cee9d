import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { Tape } from '../choices/tape.ts';
import { assertProgramOptions, type ProgramOptions, programKeys } from '../run/program-options.ts';
import type { SeedRange } from '../run/seed-range.ts';

/** Which runs of the program, and what it has to bear in them. */
export interface SimulateOptions extends ProgramOptions, SeedRange {
  /** A tape, from the message of an earlier failure: only this is run. */
  readonly replay?: Tape;
  /**
   * A folder of failures: those of this program are run before all seeds, and a new one is written
   * there. Default: none.
   */
  readonly corpus?: string;
}

const simulateKeys: KeysOf<SimulateOptions> = {
  ...programKeys,
  seeds: true,
  from: true,
  time: true,
  replay: true,
  corpus: true,
};

/** @throws TypeError for the first wrong option */
export function assertSimulateOptions(options: SimulateOptions): void {
  assertKnownKeys('simulate', options, simulateKeys);
  assertProgramOptions('simulate', options);
  assertWhole('seeds', options.seeds, 1);
  assertWhole('from', options.from, 0);
  const { time, replay, corpus } = options;
  if (time !== undefined && !(typeof time === 'number' && time > 0)) {
    throw new TypeError(`Expected \`time\` to be milliseconds above 0, got ${describe(time)}`);
  }
  if (replay !== undefined && !isTape(replay)) {
    throw new TypeError(
      `Expected \`replay\` to be a tape, lists of draws by the names of their streams, got ${describe(replay)}`,
    );
  }
  if (corpus !== undefined && typeof corpus !== 'string') {
    throw new TypeError(`Expected \`corpus\` to be the path of a folder, got ${describe(corpus)}`);
  }
}

function assertWhole(name: string, value: unknown, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && (value as number) >= least)) {
    throw new TypeError(
      `Expected \`${name}\` to be a whole number from ${least} on, got ${describe(value)}`,
    );
  }
}

function isTape(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (draws) =>
        Array.isArray(draws) && draws.every((draw) => Number.isSafeInteger(draw) && draw >= 0),
    )
  );
}
