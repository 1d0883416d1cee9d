import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { Faults } from '../engine/swarm.ts';
import type { SeedOptions } from './seed-run.ts';

/** The options of a run that belong to its program: each seed and each tape runs with the same. */
export type ProgramOptions = Pick<SeedOptions, 'faults' | 'isOrdered' | 'maxSteps'>;

export const programKeys: KeysOf<ProgramOptions> = {
  faults: true,
  isOrdered: true,
  maxSteps: true,
};

const faultKeys: KeysOf<Faults> = {
  crash: true,
  pause: true,
  stall: true,
  clock: true,
  network: true,
  store: true,
  disk: true,
};

/** @throws TypeError for the first wrong one; `name`: whose options they are */
export function assertProgramOptions(name: string, options: ProgramOptions): void {
  const { faults, isOrdered, maxSteps } = options;
  if (faults !== undefined) {
    assertKnownKeys(`\`faults\` of ${name}`, faults, faultKeys);
    Object.entries(faults).forEach(([kind, isOn]) => {
      assertBoolean(`faults.${kind}`, isOn);
    });
  }
  assertBoolean('isOrdered', isOrdered);
  if (maxSteps !== undefined && !(Number.isSafeInteger(maxSteps) && maxSteps >= 1)) {
    throw new TypeError(
      `Expected \`maxSteps\` to be a whole number from 1 on, got ${describe(maxSteps)}`,
    );
  }
}

function assertBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new TypeError(`Expected \`${name}\` to be true or false, got ${describe(value)}`);
  }
}
