import { cellOf, cellOfProcess, type Runtime } from '../process/cell.ts';
import type { Pid, Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { type Group, groupText } from './group.ts';
import { GroupTable } from './table.ts';

export type { GroupMessage as Message } from './table.ts';

/**
 * Puts processes into a group: one pid, or a list, which comes in one step. There is nothing to
 * create first. A process that joins twice is in it twice; one that ends is out, and one that has
 * ended is left out.
 *
 * Throws a `TypeError` for what is no pid, and then none has joined.
 * @see OTP manual, `pg:join/2`
 * @example
 * ```ts
 * import { createSystem, Groups, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const idle = () => new Promise<void>(() => {});
 * const [a, b] = [spawn(system, idle), spawn(system, idle)];
 * Groups.join(system, 'workers', [a, b]);
 * console.log(Groups.members(system, 'workers').length); // 2
 * await system.stop();
 * ```
 */
export function join<P extends Pid = Pid>(
  system: Process,
  group: string | Group<P>,
  pids: NoInfer<P> | readonly NoInfer<P>[],
): void {
  tableOf(system).join(groupText(group), listOf(pids).map(cellOf));
}

/**
 * Takes processes out of a group, each once as often as it is given. False when none of them was in
 * it.
 *
 * Throws a `TypeError` for what is no pid, and then none has left.
 * @see OTP manual, `pg:leave/2`
 * @example
 * ```ts
 * import { createSystem, Groups, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, () => new Promise<void>(() => {}));
 * Groups.join(system, 'workers', pid);
 * console.log(Groups.leave(system, 'workers', pid)); // true
 * console.log(Groups.leave(system, 'workers', pid)); // false
 * await system.stop();
 * ```
 */
export function leave<P extends Pid = Pid>(
  system: Process,
  group: string | Group<P>,
  pids: NoInfer<P> | readonly NoInfer<P>[],
): boolean {
  return tableOf(system).leave(groupText(group), listOf(pids).map(cellOf));
}

/**
 * The running processes of a group, each as often as it joined; none for a group nobody has heard
 * of.
 * @see OTP manual, `pg:get_members/1`
 * @example
 * ```ts
 * import { createSystem, exit, Groups, kill, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const pid = spawn(system, () => new Promise<void>(() => {}));
 * Groups.join(system, 'workers', pid);
 * console.log(Groups.members(system, 'workers').length); // 1
 * exit(system, pid, kill);
 * console.log(Groups.members(system, 'workers').length); // 0
 * await system.stop();
 * ```
 */
export function members<P extends Pid = Pid>(
  system: Process,
  group: string | Group<P>,
): readonly P[] {
  return tableOf(system).members(groupText(group)) as readonly P[];
}

/**
 * The groups that have members, in no particular order.
 * @see OTP manual, `pg:which_groups/0`
 * @example
 * ```ts
 * import { createSystem, Groups, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * Groups.join(system, 'workers', spawn(system, () => new Promise<void>(() => {})));
 * console.log(Groups.whichGroups(system).join()); // workers
 * await system.stop();
 * ```
 */
export function whichGroups(system: Process): readonly string[] {
  return tableOf(system).names();
}

/** A monitor of a group, and who was in it when it began. */
export interface Monitored<out P extends Pid> {
  readonly ref: Ref;
  readonly members: readonly P[];
}

/**
 * Tells `self` of every change to a group from here on, by messages `{ type: 'join' | 'leave', ref,
 * group, pids }`. Nothing falls between the members that it answers with and the first message. The
 * end of a member is a `leave`, and follows its `DOWN` and `EXIT`.
 * @see OTP manual, `pg:monitor/1`
 * @example
 * ```ts
 * import { createSystem, Groups, spawn } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { promise, resolve } = Promise.withResolvers<string>();
 * spawn<Groups.Message>(system, async (self) => {
 *   Groups.monitor(self, 'workers');
 *   Groups.join(self, 'workers', self.pid);
 *   const { type, group } = await self.receive();
 *   resolve(`${type} ${group}`);
 * });
 * console.log(await promise); // join workers
 * await system.stop();
 * ```
 */
export function monitor<P extends Pid = Pid>(
  self: Process,
  group: string | Group<P>,
): Monitored<P> {
  const cell = cellOfProcess(self);
  const table = tableOf(cell);
  const text = groupText(group);
  const ref = table.monitor(text, cell);
  return { ref, members: table.members(text) as readonly P[] };
}

/**
 * Ends a monitor of a group, and takes the messages that have come by it out of the mailbox. False
 * when it is none, or not one of `self`'s.
 * @see OTP manual, `pg:demonitor/1`
 * @example
 * ```ts
 * import { createSystem, Groups } from '@reprise/actor';
 *
 * const system = createSystem();
 * const { ref } = Groups.monitor(system, 'workers');
 * console.log(Groups.demonitor(system, ref)); // true
 * console.log(Groups.demonitor(system, ref)); // false
 * await system.stop();
 * ```
 */
export function demonitor(self: Process, ref: Ref): boolean {
  const cell = cellOfProcess(self);
  const table = tableOf(cell);
  if (table.ownerOf(ref) !== cell) {
    return false;
  }
  table.demonitor(ref);
  cell.flush((message) => (message as { ref?: unknown } | null | undefined)?.ref === ref);
  return true;
}

/**
 * By the system's inside, made when first asked for: a system that has no groups pays nothing for
 * them.
 */
const tables: WeakMap<Runtime, GroupTable> = new WeakMap();

function tableOf(system: Process): GroupTable {
  const { runtime } = cellOfProcess(system, 'system');
  let table = tables.get(runtime);
  if (table === undefined) {
    table = new GroupTable();
    tables.set(runtime, table);
  }
  return table;
}

function listOf<P extends Pid>(pids: P | readonly P[]): readonly P[] {
  return Array.isArray(pids) ? (pids as readonly P[]) : [pids as P];
}
