import { assertOneOf } from '@reprise/actor/options';

import { assertName, assertThat } from '../arguments/assert.ts';

/** The names of the nodes and origins of a run: links know a machine by its name. */
export class Machines {
  readonly #names: Set<string> = new Set();

  /** @throws TypeError for a name that another one has: both would share their links */
  add(name: string): void {
    assertName('the name of a machine', name);
    const isNew = !this.#names.has(name);
    assertThat(isNew, 'Expected a name that no other node or origin has', name);
    this.#names.add(name);
  }

  /** @throws TypeError for an unknown name; it names the nearest known one */
  assertKnown(...names: readonly string[]): void {
    for (const name of names) {
      assertOneOf('Expected the name of a node or an origin,', name, [...this.#names]);
    }
  }
}
