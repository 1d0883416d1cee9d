import { defineModel } from '@reprise/simulation';

import { play } from './support/play.ts';
import { Scene } from './support/readings/scene.ts';

/**
 * Loops over `events()` that are broken off, returned from, aborted, or killed with their process,
 * at any instant. Events come once each, in order; every promise settles; no connection is left.
 */
export default defineModel({
  name: 'events',
  program: (sim) => play(sim, (driver) => new Scene(sim, driver)),
  options: { faults: { network: true, stall: true, pause: true } },
  mutants: {
    'a reader that stops leaves its client running': {
      file: 'sse/src/iterator/reader.ts',
      from: 'this.#kill(this.#client ?? this.#watcher);',
      to: '',
      within: 400,
    },
    'the end of the parent is not told to the reader': {
      file: 'sse/src/iterator/reader.ts',
      from: "this.#parent.signal.addEventListener('abort', this.#orphaned);",
      to: '',
      within: 400,
    },
    'an abort is not told to the reader': {
      file: 'sse/src/iterator/reader.ts',
      from: "this.#signal?.addEventListener('abort', this.#aborted);",
      to: '',
      within: 400,
    },
    'one of several readers learns of the end': {
      file: 'sse/src/iterator/handoff.ts',
      from: 'while (this.#ending !== undefined && this.#takers.length > 0) {',
      to: 'if (this.#ending !== undefined && this.#takers.length > 0) {',
      within: 400,
    },
    'a reader waits for a watcher that never began': {
      file: 'sse/src/iterator/reader.ts',
      from: 'await (isAlive(this.#watcher) ? this.#gone : undefined);',
      to: 'await this.#gone;',
      within: 400,
    },
  },
});
