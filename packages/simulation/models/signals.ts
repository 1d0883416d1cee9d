import { defineModel } from '@reprise/simulation';

import { play } from './support/play.ts';
import { Scene } from './support/signals/scene.ts';

/**
 * Processes that link, monitor, exit and write to each other: which process ends by the end of
 * which other, and the messages that each gets and their order, are compared with the rules after
 * each step.
 */
export default defineModel({
  name: 'signals',
  program: (sim) => play(sim, (driver) => new Scene(sim, driver)),
  options: { faults: { stall: true, pause: true, clock: true } },
  mutants: {
    'a DOWN message overtakes the words that were sent before it': {
      file: 'actor/src/process/linkable.ts',
      from: 'this.pushSystem(ref.down(reason));',
      to: `const down = ref.down(reason);
        const { mailbox } = this as never as { mailbox: { length: number; shift(): object } };
        const waiting = Array.from({ length: mailbox.length }, () => mailbox.shift());
        for (const message of [down, ...waiting]) this.pushSystem(message);`,
      within: 400,
    },
    'a flush leaves the DOWN message in the mailbox': {
      file: 'actor/src/process/signals.ts',
      from: 'cell.flush((message) => own.isDown(message));',
      to: '',
      within: 400,
    },
    'one monitor alone is told of an end': {
      file: 'actor/src/process/linkable.ts',
      from: 'for (const ref of this.#monitoredBy ?? []) {',
      to: 'for (const ref of [...(this.#monitoredBy ?? [])].slice(0, 1)) {',
      within: 1000,
    },
    'an unlink removes one half of the link': {
      file: 'actor/src/process/linkable.ts',
      from: 'other.removeLink(this);\n  }',
      to: '}',
      within: 1000,
    },
    'a normal end goes over a link': {
      file: 'actor/src/process/linkable.ts',
      from: "} else if (reason.type !== 'normal' || (isSent && from === this)) {",
      to: '} else {',
      within: 400,
    },
    'a kill goes over a link': {
      file: 'actor/src/process/linkable.ts',
      from: "if (isSent && reason.type === 'kill') {",
      to: "if (reason.type === 'kill') {",
      within: 400,
    },
    'an alias outlives its monitor': {
      file: 'actor/src/process/monitor-ref.ts',
      from: "if (this.#alias !== 'explicitUnalias') {",
      to: "if (this.#alias === 'replyDemonitor') {",
      within: 400,
    },
    'a monitor stays on after the reply to its alias': {
      file: 'actor/src/process/signals.ts',
      from: 'owner.demonitor(ref);\n    ref.unalias();',
      to: 'ref.unalias();',
      within: 1000,
    },
    'an end is announced in the middle of another': {
      file: 'actor/src/process/cell.ts',
      from: 'if (runtime.exitQueue.length === 1) {',
      to: 'if (true) {',
      within: 1000,
    },
    'a receive does not look again at messages that have moved': {
      file: 'actor/src/process/function-process.ts',
      from: 'this.#waiting.scanned = 0;\n    }',
      to: '}',
      within: 1000,
    },
    'a receive that times out does not look at the last messages': {
      file: 'actor/src/process/function-process.ts',
      from: 'this.#offer(this.#waiting);\n      this.#settle()?.resolve(undefined);',
      to: 'this.#settle()?.resolve(undefined);',
      within: 50_000,
    },
    'a killed process comes back when its promise settles': {
      file: 'actor/src/process/cell.ts',
      from: "if (this.status !== 'waiting') {\n      return false;",
      to: "if (this.status === 'idle') {\n      return false;",
      within: 400,
    },
    'the code of an ended process sends exit signals': {
      file: 'actor/src/process/signals.ts',
      from: 'if (from.isAlive) {',
      to: 'if (true) {',
      within: 1000,
    },
    'a message changes places with one that is removed': {
      file: 'actor/src/collections/queue.ts',
      from: 'for (let i = index; i > 0; i--) {',
      to: 'for (let i = index; i > 1; i--) {',
      within: 1000,
    },
  },
});
