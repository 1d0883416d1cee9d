import { cellOf, cellOfProcess } from './cell.ts';
import { extrasOf, putExtras } from './extras.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';

/**
 * Gives `self` a label: any value that tells a reader which process it is, such as `['room', 7]`.
 * Labels need not be unique, and nothing is found by them. Reports, errors, `processInfo` and the
 * trees of supervisors show the label next to the pid: bounded, and without secrets. `undefined`
 * removes it.
 *
 * A server sets its label in `init`; for a function, `spawn` has the option `label`.
 * @see OTP manual, `proc_lib:set_label/1`; Elixir manual, `Process.set_label/1`
 * @example
 * ```ts
 * import { createSystem, GenServer, ok, processInfo, setLabel } from '@reprise/actor';
 *
 * const room = GenServer.define({
 *   init: (number: number, self) => {
 *     setLabel(self, ['room', number]);
 *     return ok(number);
 *   },
 * });
 *
 * const system = createSystem();
 * const pid = await GenServer.startLink(system, room, 7);
 * console.log(processInfo(pid)?.label); // [ 'room', 7 ]
 * await system.stop();
 * ```
 */
export function setLabel(self: Process, label: unknown): void {
  putExtras(cellOfProcess(self), { label });
}

/**
 * The label of a process, as it was set; `undefined` if it has none, or has ended.
 * @throws TypeError for anything but a pid
 * @see OTP manual, `proc_lib:get_label/1`; Elixir manual, `Process.get_label/1`
 * @example
 * ```ts
 * import { createSystem, getLabel, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, (self) => self.receive(), { label: 'queue worker' });
 * console.log(getLabel(pid)); // queue worker
 * await system.stop();
 * ```
 */
export function getLabel(pid: Pid): unknown {
  const cell = cellOf(pid);
  return cell.isAlive ? extrasOf(cell)?.label : undefined;
}
