import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';

import { assertThat, assertWhole } from '../arguments/assert.ts';
import { assertTape, type Tape } from '../choices/tape.ts';
import { assertProgramOptions, type ProgramOptions, programKeys } from '../run/program-options.ts';
import type { SeedRange } from '../run/seed-range.ts';

/** The runs of the program, and the faults that it has in them. */
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
  const isTime = time === undefined || (typeof time === 'number' && time > 0);
  assertThat(isTime, 'Expected `time` to be milliseconds above 0', time);
  if (replay !== undefined) {
    assertTape('replay', replay);
  }
  const isPath = corpus === undefined || typeof corpus === 'string';
  assertThat(isPath, 'Expected `corpus` to be the path of a folder', corpus);
}
