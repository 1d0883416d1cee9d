import type { Fault } from './fault.ts';
import { answers } from './faults/answers.ts';
import { onlyWork } from './faults/only-work.ts';
import { retries } from './faults/retries.ts';
import { silence } from './faults/silence.ts';
import { volume } from './faults/volume.ts';

export const faults: readonly Fault[] = [
  ...answers,
  ...retries,
  ...onlyWork,
  ...silence,
  ...volume,
];
