import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';

import { assertBoolean, assertThat, assertWhole } from '../arguments/assert.ts';
import { faultKeys, type Faults } from '../engine/swarm.ts';
import { assertKinds, type EscapeKind } from '../world/escape-kind.ts';

/** The options of a run that belong to its program: each seed and each tape runs with the same. */
export interface ProgramOptions {
  /** The kinds of faults that a run may have. Default: none. */
  readonly faults?: Faults;
  /** Whether turns keep the order of production. Default: in half of all seeds. */
  readonly isOrdered?: boolean;
  /** A run of more steps fails. Default: 200,000. */
  readonly maxSteps?: number;
  /** The kinds of escapes that the program may make. Default: none. */
  readonly allow?: readonly EscapeKind[];
}

export const programKeys: KeysOf<ProgramOptions> = {
  faults: true,
  isOrdered: true,
  maxSteps: true,
  allow: true,
};

/** @throws TypeError for the first wrong one; `name`: whose options they are */
export function assertProgramOptions(name: string, options: ProgramOptions): void {
  const { faults, isOrdered, maxSteps, allow } = options;
  if (faults !== undefined) {
    assertKnownKeys(`\`faults\` of ${name}`, faults, faultKeys);
    Object.entries(faults).forEach(([kind, isOn]) => {
      assertBoolean(`faults.${kind}`, isOn);
    });
  }
  assertBoolean('isOrdered', isOrdered);
  if (allow !== undefined) {
    assertAllow(allow);
  }
  assertWhole('maxSteps', maxSteps, 1);
}

function assertAllow(allow: unknown): void {
  const isList = Array.isArray(allow);
  assertThat(isList, 'Expected `allow` to be a list of kinds of escapes', allow);
  assertKinds(allow as readonly unknown[]);
}
