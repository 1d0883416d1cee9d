import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { Faults } from '../engine/swarm.ts';
import { assertKinds } from '../world/escape-kind.ts';
import type { SeedOptions } from './seed-run.ts';

/** The options of a run that belong to its program: each seed and each tape runs with the same. */
export type ProgramOptions = Pick<SeedOptions, 'faults' | 'isOrdered' | 'maxSteps' | 'allow'>;

export const programKeys: KeysOf<ProgramOptions> = {
  faults: true,
  isOrdered: true,
  maxSteps: true,
  allow: true,
};

const faultKeys: KeysOf<Faults> = {
  crash: true,
  pause: true,
  stall: true,
  clock: true,
  network: true,
  store: true,
  disk: true,
  tear: true,
  origin: true,
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
  if (maxSteps !== undefined && !(Number.isSafeInteger(maxSteps) && maxSteps >= 1)) {
    throw new TypeError(
      `Expected \`maxSteps\` to be a whole number from 1 on, got ${describe(maxSteps)}`,
    );
  }
}

function assertAllow(allow: unknown): void {
  if (!Array.isArray(allow)) {
    throw new TypeError(
      `Expected \`allow\` to be a list of kinds of escapes, got ${describe(allow)}`,
    );
  }
  assertKinds(allow);
}

function assertBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw new TypeError(`Expected \`${name}\` to be true or false, got ${describe(value)}`);
  }
}
