import type { Scheduler, Turn } from '@reprise/actor';

/** Gives all processes that are ready their turns at once, in the order that `pick` says. */
export function batchScheduler(pick: (ready: Turn[]) => Turn[]): Scheduler {
  let ready: Turn[] = [];
  const run = (): void => {
    const turns = pick(ready);
    ready = [];
    for (const turn of turns) {
      turn.run();
    }
  };
  return {
    turnLength: 1,
    get isIdle() {
      return ready.length === 0;
    },
    yieldToMicrotasks() {},
    ready(turn) {
      ready.push(turn);
      if (ready.length === 1) {
        queueMicrotask(run);
      }
    },
  };
}
