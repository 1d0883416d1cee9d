import type { Simulation } from '@reprise/simulation';

/** What a run draws its choices from, and writes its faults to. */
export type Chance = Pick<Simulation, 'below' | 'pick' | 'note'>;
