import type { Cell } from '../process/cell.ts';
import { Ownership } from '../process/ownership.ts';
import { type Pid, Ref } from '../process/pid.ts';

/**
 * Processes joined a monitored group, left it or ended. A process that joined twice is listed
 * twice.
 */
export interface GroupMessage<out P extends Pid = Pid> {
  readonly type: 'join' | 'leave';
  readonly ref: Ref;
  readonly group: string;
  readonly pids: readonly P[];
}

interface GroupState {
  readonly name: string;
  /** How often each process has joined, in the order of the first time. */
  readonly members: Map<Cell, number>;
  /** The monitors of the group, with their owners. */
  readonly monitors: Map<Ref, Cell>;
}

interface GroupMonitor {
  readonly group: GroupState;
  readonly owner: Cell;
}

/**
 * The groups of one system. A process that has ended is in no group, even before it is deleted
 * here: every reader checks the process, and does not rely on the table alone.
 */
export class GroupTable {
  readonly #groups: Map<string, GroupState> = new Map();
  readonly #monitors: Map<Ref, GroupMonitor> = new Map();
  readonly #groupsOf: Ownership<GroupState> = new Ownership((group, member) => {
    this.#memberEnded(group, member);
  });
  readonly #monitorsOf: Ownership<Ref> = new Ownership((ref) => {
    this.demonitor(ref);
  });

  /** All in one step, each as often as it is listed; processes that have ended stay out. */
  join(name: string, cells: readonly Cell[]): void {
    const living = cells.filter(({ isAlive }) => isAlive);
    if (living.length === 0) {
      return;
    }
    const group = this.#groupNamed(name);
    for (const cell of living) {
      group.members.set(cell, (group.members.get(cell) ?? 0) + 1);
      this.#groupsOf.add(cell, group);
    }
    notify(group, 'join', living);
  }

  /** Each once as often as it is listed; false when none of them was a member. */
  leave(name: string, cells: readonly Cell[]): boolean {
    const group = this.#groups.get(name);
    const left = cells.filter((cell) => group !== undefined && this.#leaveOnce(group, cell));
    if (group !== undefined && left.length > 0) {
      notify(group, 'leave', left);
      this.#deleteIfUnused(group);
    }
    return left.length > 0;
  }

  members(name: string): readonly Pid[] {
    const pids: Pid[] = [];
    for (const [cell, times] of this.#groups.get(name)?.members ?? []) {
      for (let count = 0; count < times && cell.isAlive; count++) {
        pids.push(cell.pid);
      }
    }
    return pids;
  }

  names(): readonly string[] {
    return [...this.#groups.values()].filter(hasMembers).map(({ name }) => name);
  }

  monitor(name: string, owner: Cell): Ref {
    const ref = new Ref();
    if (owner.isAlive) {
      const group = this.#groupNamed(name);
      group.monitors.set(ref, owner);
      this.#monitors.set(ref, { group, owner });
      this.#monitorsOf.add(owner, ref);
    }
    return ref;
  }

  /** The process that has the monitor; `undefined` for any other ref. */
  ownerOf(ref: Ref): Cell | undefined {
    return this.#monitors.get(ref)?.owner;
  }

  demonitor(ref: Ref): void {
    const monitor = this.#monitors.get(ref);
    if (monitor !== undefined) {
      const { group, owner } = monitor;
      this.#monitors.delete(ref);
      this.#monitorsOf.delete(owner, ref);
      group.monitors.delete(ref);
      this.#deleteIfUnused(group);
    }
  }

  #groupNamed(name: string): GroupState {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { name, members: new Map(), monitors: new Map() };
      this.#groups.set(name, group);
    }
    return group;
  }

  #deleteIfUnused({ name, members, monitors }: GroupState): void {
    if (members.size === 0 && monitors.size === 0) {
      this.#groups.delete(name);
    }
  }

  #leaveOnce(group: GroupState, cell: Cell): boolean {
    const times = group.members.get(cell) ?? 0;
    if (times > 1) {
      group.members.set(cell, times - 1);
    } else if (times === 1) {
      group.members.delete(cell);
      this.#groupsOf.delete(cell, group);
    }
    return times > 0;
  }

  #memberEnded(group: GroupState, cell: Cell): void {
    const times = group.members.get(cell) ?? 0;
    group.members.delete(cell);
    notify(group, 'leave', new Array<Cell>(times).fill(cell));
    this.#deleteIfUnused(group);
  }
}

/**
 * Sent as a message of the system's own, which a full mailbox accepts: the owner of a monitor that
 * missed one message would have a wrong list of members for good.
 */
function notify(
  { name, monitors }: GroupState,
  type: GroupMessage['type'],
  cells: readonly Cell[],
): void {
  const pids = cells.map(({ pid }) => pid);
  for (const [ref, owner] of monitors) {
    const message: GroupMessage = { type, ref, group: name, pids };
    owner.pushSystem(message);
  }
}

function hasMembers({ members }: GroupState): boolean {
  for (const cell of members.keys()) {
    if (cell.isAlive) {
      return true;
    }
  }
  return false;
}
