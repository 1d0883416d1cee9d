import { setImmediateOn } from '../host/clock.ts';
import { assertTimeout, CallbackTimer } from '../host/timers.ts';
import { type Cell, cellOfProcess, pidAndLabel } from './cell.ts';
import { ExitError } from './exit-error.ts';
import { noproc } from './exit-reason.ts';
import type { Process } from './process.ts';

/**
 * Resolves after `ms` on the clock of the system. Messages wait meanwhile: a function process takes
 * none, and a server whose callback awaits it takes none either. When the process ends first, the
 * promise never settles, and the timer is gone. `Infinity` waits for that end.
 * @throws RangeError for anything but a whole number from 0 on, or `Infinity`
 * @throws ExitError when the process has ended before
 * @see Elixir manual, `Process.sleep/1`; OTP manual, `timer:sleep/1`
 * @example
 * ```ts
 * import { sleep, spawn } from '@reprise/actor';
 * import { advance, createTestSystem } from '@reprise/actor/testing';
 *
 * const system = createTestSystem();
 * spawn(system, async (self) => {
 *   await sleep(self, 60_000);
 *   console.log('a minute later'); // a minute later
 * });
 * await advance(system, 60_000);
 * await system.stop();
 * ```
 */
export async function sleep(self: Process, ms: number): Promise<void> {
  assertTimeout(ms);
  const cell = cellOfProcess(self);
  await new Promise<void>((resolve, reject) => {
    if (cell.reason !== undefined) {
      refuse(cell, reject);
    } else if (ms < Infinity) {
      start(cell, ms, resolve);
    }
  });
}

/** A timer of the process: it ends with it. */
function start(cell: Cell, ms: number, wake: () => void): void {
  const timer = new CallbackTimer(() => {
    cell.removeTimer(timer);
    wake();
  });
  cell.addTimer(timer);
  cell.runtime.timers.start(timer, ms);
}

/**
 * Rejects later rather than at once: code of an ended process that ignores errors and sleeps again,
 * in a loop, must not hold the thread for ever.
 */
function refuse(cell: Cell, reject: (thrown: unknown) => void): void {
  setImmediateOn(cell.runtime.clock, () => {
    reject(new ExitError(cell.reason ?? noproc, `sleep of ${pidAndLabel(cell)}, which has ended`));
  });
}
