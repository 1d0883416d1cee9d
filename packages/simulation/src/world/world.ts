import { provideSystemDefaults } from '@reprise/actor/testing';

import type { Engine } from '../engine/engine.ts';
import { Incarnation } from '../node/incarnation.ts';

/**
 * Puts the parts of a simulation in the places of the real ones, while `engine` runs. Returns the
 * function that takes them back.
 */
export function enterWorld(engine: Engine): () => void {
  return provideSystemDefaults(() =>
    engine.current instanceof Incarnation ? engine.current.systemOptions() : undefined,
  );
}
