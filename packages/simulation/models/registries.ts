import { defineModel } from '@reprise/simulation';

import { play } from './support/play.ts';
import { Scene } from './support/registries/scene.ts';

/**
 * Processes with keys in registries, names, locks and groups, and registries that end. Each key has
 * one holder, no dead process has anything, locks go to those that wait in the order in which they
 * came, and the reports to monitors and listeners are true and complete.
 */
export default defineModel({
  name: 'registries',
  program: (sim) => play(sim, (driver) => new Scene(sim, driver)),
  options: { faults: { stall: true, pause: true, clock: true } },
  mutants: {
    'the newest waiter gets a lock first': {
      file: 'actor/src/registry/locks.ts',
      from: 'const [next] = queue;',
      to: 'const next = [...queue].at(-1);',
      within: 300,
    },
    'a process that has ended gets a lock': {
      file: 'actor/src/registry/locks.ts',
      from: 'if (!cell.isAlive) {',
      to: 'if (false) {',
      within: 300,
    },
    'a lock is kept when its process ends': {
      file: 'actor/src/registry/locks.ts',
      from: '((place) => {\n    this.#leave(place);',
      to: '((place) => {\n    void place;',
      within: 300,
    },
    'a key stays when its process ends': {
      file: 'actor/src/registry/table.ts',
      from: '((registration) => {\n    this.#deleteFromKey(registration);',
      to: '((registration) => {\n    void registration;',
      within: 300,
    },
    'processes outlive the registry of their keys': {
      file: 'actor/src/registry/table.ts',
      from: 'cell.receiveExit(this.#registry, reason);',
      to: '',
      within: 300,
    },
    'a listener is told of the end of one value, and not of the last': {
      file: 'actor/src/registry/table.ts',
      from: 'deleted.length === own.length',
      to: 'deleted.length === 1',
      within: 1000,
    },
    'a member that joined twice leaves once at its end': {
      file: 'actor/src/groups/table.ts',
      from: 'new Array<Cell>(times).fill(cell)',
      to: '[cell]',
      within: 300,
    },
    'a process that has ended joins a group': {
      file: 'actor/src/groups/table.ts',
      from: 'const living = cells.filter(({ isAlive }) => isAlive);',
      to: 'const living = cells;',
      within: 300,
    },
    'the messages of a group stay in the mailbox after its monitor': {
      file: 'actor/src/groups/groups.ts',
      from: 'cell.flush((message) => (message as { ref?: unknown } | null | undefined)?.ref === ref);',
      to: '',
      within: 300,
    },
    'a name is freed one microtask late': {
      file: 'actor/src/process/cell.ts',
      from: 'this.runtime.names.delete(this.name);',
      to: 'const { name, runtime: { names } } = this;\n      queueMicrotask(() => names.delete(name));',
      within: 300,
    },
  },
});
