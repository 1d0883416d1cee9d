import { defineModel } from '@reprise/simulation';

import { play } from './support/play.ts';
import { Scene } from './support/timers/scene.ts';

/**
 * Timers of all kinds, which are read, cancelled and outlived, on a host whose own timers are early
 * and late by a millisecond or two: messages after a time, intervals, timeouts of calls, of
 * `receive`, and of servers that nothing is sent to.
 */
export default defineModel({
  name: 'timers',
  program: (sim) => play(sim, (driver) => new Scene(sim, driver)),
  mutants: {
    'timers fire a millisecond early': {
      file: 'actor/src/host/timers.ts',
      from: 'first !== undefined && first.due <= now;',
      to: 'first !== undefined && first.due <= now + 1;',
      within: 1600,
    },
    'an idle timeout is not taken off by a message': {
      file: 'actor/src/server/server-process.ts',
      from: 'if (this.#idle !== undefined && !isA(message, SystemRequest)) {\n      this.#stopIdleTimer();',
      to: 'if (this.#idle !== undefined && !isA(message, SystemRequest)) {',
      within: 1600,
    },
    'a timer that was cancelled fires': {
      file: 'actor/src/host/timers.ts',
      from: 'const left = this.read(timer);\n    this.stop(timer);',
      to: 'const left = this.read(timer);',
      within: 200,
    },
    'timers of one instant fire from the newest to the oldest': {
      file: 'actor/src/host/timers.ts',
      from: 'a.sequence < b.sequence',
      to: 'a.sequence > b.sequence',
      within: 1000,
    },
    'the heap is out of order after a timer was stopped': {
      file: 'actor/src/host/timers.ts',
      from: 'this.#up(last, at);\n      this.#down(last);',
      to: 'this.#up(last, at);',
      within: 1000,
    },
    'an earlier timer does not wake the host earlier': {
      file: 'actor/src/host/timers.ts',
      from: 'if (due < this.#wakeAt) {',
      to: 'if (this.#wakeAt === Infinity) {',
      within: 200,
    },
    'the times of an interval drift': {
      file: 'actor/src/process/send-interval.ts',
      from: 'this.startAt(this.due + this.#ms * (Math.floor(late / this.#ms) + 1));',
      to: 'this.start(this.#ms + Math.min(0, late));',
      within: 1600,
    },
    'a timer has a millisecond less left than it says': {
      file: 'actor/src/host/timers.ts',
      from: 'return Math.max(0, Math.ceil(timer.due - this.#clock.now()));',
      to: 'return Math.max(0, Math.ceil(timer.due - this.#clock.now()) + 1);',
      within: 300,
    },
  },
});
