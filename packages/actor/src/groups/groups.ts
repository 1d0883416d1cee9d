import { oneOfAll } from '../brand.ts';
import { cellOf, cellOfProcess, type Runtime } from '../process/cell.ts';
import type { Pid, Ref } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { type Group, groupText } from './group.ts';
import { GroupTable } from './table.ts';

export type { GroupMessage as Message } from './table.ts';

/**
 * Adds processes to a group: one pid, or a list in one step. A group needs not be created first.
 * A process that joins twice is in it twice. A process that ends leaves the group; one that has
 * ended does not join. `system`: the system of the group, or any process in it.
 * @throws TypeError for anything but pids, and then none has joined
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
  groupsIn(system).join(groupText(group), listOf(pids).map(cellOf));
}

/**
 * Removes processes from a group, each once as often as it is listed. False when none of them was
 * in it.
 * @throws TypeError for anything but pids, and then none has left
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
  return groupsIn(system).leave(groupText(group), listOf(pids).map(cellOf));
}

/**
 * The running processes of a group, each as often as it joined; none for an unknown group.
 * @throws TypeError for an empty name
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
  return groupsIn(system).members(groupText(group)) as readonly P[];
}

/**
 * The names of the groups that have members, in no particular order.
 * @throws TypeError for anything but a process
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
  return groupsIn(system).names();
}

/** A monitor of a group, and the members at its start. */
interface MonitoredGroup<out P extends Pid> {
  readonly ref: Ref;
  readonly members: readonly P[];
}

export type { MonitoredGroup as Monitored };

/**
 * From here on `self` gets a message at every change to a group: `{ type: 'join' | 'leave', ref,
 * group, pids }`. No change is lost between the members that it returns and the first message. The
 * end of a member is a `leave`, which comes after its `DOWN` and `EXIT`.
 * @throws TypeError for an empty name
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
): MonitoredGroup<P> {
  const cell = cellOfProcess(self);
  const table = groupsIn(cell);
  const text = groupText(group);
  const ref = table.monitor(text, cell);
  return { ref, members: table.members(text) as readonly P[] };
}

/**
 * Ends a monitor of a group, and removes its messages from the mailbox. False for any other ref,
 * and for a monitor of another process.
 * @throws TypeError for anything but a process
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
  const table = groupsIn(cell);
  if (table.ownerOf(ref) !== cell) {
    return false;
  }
  table.demonitor(ref);
  cell.flush((message) => (message as { ref?: unknown } | null | undefined)?.ref === ref);
  return true;
}

/** Made at the first use: a system without groups pays nothing for them. */
const tables: WeakMap<Runtime, GroupTable> = /* @__PURE__ */ oneOfAll(
  'groups',
  () => new WeakMap(),
);

function groupsIn(system: Process): GroupTable {
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
