import { spawn } from '@reprise/actor';
import { defineModel } from '@reprise/simulation';

import { Scene } from './support/tasks/scene.ts';

/**
 * Streams of tasks of all kinds, whose items end, fail, are killed and take too long, and whose
 * owners read slowly, break off and are killed.
 */
export default defineModel({
  name: 'tasks',
  program: async (sim) => {
    const scene = new Scene(sim);
    sim.always(() => {
      scene.verdict.check();
    });
    sim.node('node', ({ system }) => {
      spawn(system, (self) => scene.drive(self));
    });
    await sim.run({ until: () => scene.isOver });
  },
  mutants: {
    'one task more than allowed': {
      file: 'actor/src/task/iteration.ts',
      from: 'this.#running.size < maxConcurrency &&',
      to: 'this.#running.size <= maxConcurrency &&',
      within: 100,
    },
    'results come as they are done, though an order was asked for': {
      file: 'actor/src/task/stream.ts',
      from: 'return { maxConcurrency, ordered, timeout,',
      to: 'return { maxConcurrency, ordered: false, timeout,',
      within: 100,
    },
    'tasks go on when their stream is left': {
      file: 'actor/src/task/iteration.ts',
      from: 'slot.cell?.receiveExit(this.#hub, kill, true);',
      to: '',
      within: 200,
    },
    'a task goes on after its time': {
      file: 'actor/src/task/iteration.ts',
      from: 'cell.receiveExit(this.#hub, kill, true);\n  }\n\n  #deliver',
      to: '}\n\n  #deliver',
      within: 300,
    },
    'items are taken without a limit': {
      file: 'actor/src/task/iteration.ts',
      from: 'this.#open < 2 * maxConcurrency',
      to: 'true',
      within: 300,
    },
    'a source is not told that no more items are wanted': {
      file: 'actor/src/task/iteration.ts',
      from: 'this.#source.return?.()',
      to: 'undefined',
      within: 300,
    },
    'a result is given twice': {
      file: 'actor/src/task/iteration.ts',
      from: 'this.#queue.shift();\n      this.#open -= 1;',
      to: 'if (this.#open % 3 !== 2) this.#queue.shift();\n      this.#open -= 1;',
      within: 300,
    },
    'a second result replaces the first': {
      file: 'actor/src/task/watch.ts',
      from: 'if (!this.#isSettled) {',
      to: 'if (true) {',
      within: 300,
    },
    'the timeout of an item is forgotten': {
      file: 'actor/src/task/iteration.ts',
      from: 'this.#hub.runtime.timers.start(slot, timeout);',
      to: '',
      within: 300,
    },
    'the timeout of an item goes on after its end': {
      file: 'actor/src/task/iteration.ts',
      from: 'this.#hub.runtime.timers.stop(slot);',
      to: '',
      within: 1000,
    },
    'the end of a task does not reach the owner': {
      file: 'actor/src/task/link-hub.ts',
      from: 'owner.link(this);',
      to: '',
      within: 300,
    },
  },
});
