import type { Cell } from '../process/cell.ts';
import { type Pid, Ref } from '../process/pid.ts';

/** Processes joined a group that one monitors, or left it or ended; each as often as it did. */
export interface GroupMessage<out P extends Pid = Pid> {
  readonly type: 'join' | 'leave';
  readonly ref: Ref;
  readonly group: string;
  readonly pids: readonly P[];
}

interface State {
  readonly name: string;
  /** How often each process is in it, in the order they came. */
  readonly members: Map<Cell, number>;
  /** Who is told of changes. */
  readonly monitors: Map<Ref, Cell>;
}

/** What hangs on a process, and how to let go of its end. */
interface Joined {
  readonly groups: Set<State>;
  readonly forget: () => void;
}

interface Watch {
  readonly state: State;
  readonly cell: Cell;
  readonly forget: () => void;
}

/**
 * The groups of one system. A process that has ended is in none, whether or not it has been cleared
 * away yet: who reads looks at the process, not at the table alone.
 */
export class GroupTable {
  readonly #states: Map<string, State> = new Map();
  readonly #joined: Map<Cell, Joined> = new Map();
  readonly #watches: Map<Ref, Watch> = new Map();

  /** All in one step, each as often as it is given; those that have ended stay out. */
  join(name: string, cells: readonly Cell[]): void {
    const living = cells.filter(({ isAlive }) => isAlive);
    if (living.length === 0) {
      return;
    }
    const state = this.#state(name);
    for (const cell of living) {
      state.members.set(cell, (state.members.get(cell) ?? 0) + 1);
      this.#joinedOf(cell).groups.add(state);
    }
    tell(state, 'join', living);
  }

  /** Each once as often as it is given; false when none of them was in it. */
  leave(name: string, cells: readonly Cell[]): boolean {
    const state = this.#states.get(name);
    const left = cells.filter((cell) => state !== undefined && this.#leaveOnce(state, cell));
    if (state !== undefined && left.length > 0) {
      tell(state, 'leave', left);
      this.#drop(state);
    }
    return left.length > 0;
  }

  members(name: string): readonly Pid[] {
    const pids: Pid[] = [];
    for (const [cell, times] of this.#states.get(name)?.members ?? []) {
      for (let count = 0; count < times && cell.isAlive; count++) {
        pids.push(cell.pid);
      }
    }
    return pids;
  }

  names(): readonly string[] {
    return [...this.#states.values()].filter(hasMembers).map(({ name }) => name);
  }

  monitor(name: string, cell: Cell): Ref {
    const ref = new Ref();
    if (cell.isAlive) {
      const state = this.#state(name);
      const forget = cell.onEnd(() => {
        this.demonitor(ref);
      });
      state.monitors.set(ref, cell);
      this.#watches.set(ref, { state, cell, forget });
    }
    return ref;
  }

  /** Whose monitor it is, if it is one. */
  ownerOf(ref: Ref): Cell | undefined {
    return this.#watches.get(ref)?.cell;
  }

  demonitor(ref: Ref): void {
    const watch = this.#watches.get(ref);
    if (watch !== undefined) {
      watch.forget();
      this.#watches.delete(ref);
      watch.state.monitors.delete(ref);
      this.#drop(watch.state);
    }
  }

  #state(name: string): State {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = { name, members: new Map(), monitors: new Map() };
      this.#states.set(name, state);
    }
    return state;
  }

  /** A group that nobody is in and nobody watches is not kept. */
  #drop(state: State): void {
    if (state.members.size === 0 && state.monitors.size === 0) {
      this.#states.delete(state.name);
    }
  }

  #joinedOf(cell: Cell): Joined {
    let joined = this.#joined.get(cell);
    if (joined === undefined) {
      const forget = cell.onEnd(() => {
        this.#ended(cell);
      });
      joined = { groups: new Set(), forget };
      this.#joined.set(cell, joined);
    }
    return joined;
  }

  #leaveOnce(state: State, cell: Cell): boolean {
    const times = state.members.get(cell) ?? 0;
    if (times > 1) {
      state.members.set(cell, times - 1);
    } else if (times === 1) {
      state.members.delete(cell);
      this.#leftWholly(state, cell);
    }
    return times > 0;
  }

  #leftWholly(state: State, cell: Cell): void {
    const joined = this.#joined.get(cell);
    joined?.groups.delete(state);
    if (joined?.groups.size === 0) {
      joined.forget();
      this.#joined.delete(cell);
    }
  }

  #ended(cell: Cell): void {
    const groups = this.#joined.get(cell)?.groups ?? [];
    this.#joined.delete(cell);
    for (const state of groups) {
      const times = state.members.get(cell) ?? 0;
      state.members.delete(cell);
      tell(state, 'leave', new Array<Cell>(times).fill(cell));
      this.#drop(state);
    }
  }
}

/**
 * As a message of the system's own: one that a full mailbox dropped would leave its owner with
 * wrong members for good.
 */
function tell({ name, monitors }: State, type: GroupMessage['type'], cells: readonly Cell[]): void {
  const pids = cells.map(({ pid }) => pid);
  for (const [ref, cell] of monitors) {
    const message: GroupMessage = { type, ref, group: name, pids };
    cell.pushSystem(message);
  }
}

function hasMembers({ members }: State): boolean {
  for (const cell of members.keys()) {
    if (cell.isAlive) {
      return true;
    }
  }
  return false;
}
