import type { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import type { Judge } from './judge.ts';
import type { Links } from './links.ts';
import type { Mix } from './mix.ts';
import type { Parents } from './parents.ts';

/** What all machines of a run share. */
export interface Shared {
  readonly sim: Chance;
  readonly mix: Mix;
  readonly agenda: Agenda;
  readonly links: Links;
  readonly judge: Judge;
  readonly parents: Parents;
}
