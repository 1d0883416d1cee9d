import { defineModel } from '@reprise/simulation';

import { Scene } from './support/minds/scene.ts';
import { play } from './support/play.ts';

/**
 * A client that changes its mind at any time about where to connect, and when. It follows its
 * newest wish alone, has one connection at a time, and handles no event of an older one.
 */
export default defineModel({
  name: 'minds',
  program: (sim) => play(sim, (driver) => new Scene(sim, driver)),
  options: { faults: { network: true, origin: true, stall: true, pause: true } },
  mutants: {
    'the timer of an older wish is obeyed': {
      file: 'sse/src/client/machine.ts',
      from: 'event.generation === context.generation &&',
      to: '',
      within: 100,
    },
    'events of an older connection are handled': {
      file: 'sse/src/client/delivery.ts',
      from: 'while (this.#openGeneration === generation) {',
      to: 'while (true) {',
      within: 100,
    },
    'the old connection stays open': {
      file: 'sse/src/client/session.ts',
      from: 'this.#stream?.destroy();',
      to: '',
      within: 100,
    },
  },
});
