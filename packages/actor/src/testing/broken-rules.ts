import { isA } from '../brand.ts';
import { type Cell, cellOfProcess, findCell, nameOf } from '../process/cell.ts';
import { formatReason } from '../process/format-reason.ts';
import type { System } from '../process/process.ts';
import { ServerProcess } from '../server/server-process.ts';
import { stateOf } from '../server/state-of.ts';
import { SupervisorState } from '../supervisor/state.ts';

/**
 * Returns a function that lists the rules that a system breaks: texts, none for a sound system. The
 * rules hold between two turns, with all microtasks run, for every program; a broken rule is a
 * fault of this package, or of a change of it.
 *
 * - A name belongs to a process that runs.
 * - A server with messages has a turn coming, waits for a promise, or is suspended.
 * - Links and monitors are between processes that run, and both have them.
 * - No process waits for an answer or an end of a process that has ended.
 * - A process whose supervisor has ended ends too, at once or after its `terminate`.
 *
 * Call it again and again: it finds a dead name, and a child that has outlived its supervisor, by
 * comparison with its earlier calls.
 * @throws TypeError for anything but a system
 * @example
 * ```ts
 * import { createSystem, register, spawn } from '@reprise/actor';
 * import { brokenRules, settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const broken = brokenRules(system);
 * register(system, 'reader', spawn(system, (self) => self.receive()));
 * await settle(system);
 * console.log(broken()); // []
 * await system.stop();
 * console.log(broken()); // []
 * ```
 */
export function brokenRules(system: System): () => readonly string[] {
  const watch = new RuleWatch(cellOfProcess(system, 'system'));
  return () => watch.look();
}

class RuleWatch {
  readonly #root: Cell;
  /** The process that had each name last. */
  readonly #named: Map<string, Cell> = new Map();
  /** The children that each supervisor had last. */
  readonly #children: Map<Cell, readonly Cell[]> = new Map();

  constructor(root: Cell) {
    this.#root = root;
  }

  look(): readonly string[] {
    const cells = [...this.#root.runtime.processes];
    for (const cell of cells) {
      this.#remember(cell);
    }
    return [...cells.flatMap(brokenBy), ...this.#deadNames(), ...this.#orphans()];
  }

  #remember(cell: Cell): void {
    if (cell.name !== undefined) {
      this.#named.set(cell.name, cell);
    }
    const supervisor = stateOf(cell, SupervisorState);
    if (supervisor !== undefined) {
      const pids = Array.from(supervisor.children, ({ pid }) => pid);
      this.#children.set(cell, pids.map(findCell).filter(isCell));
    }
  }

  #deadNames(): readonly string[] {
    const { names } = this.#root.runtime;
    return [...this.#named.keys()].flatMap((name) => {
      const cell = names.get(name);
      if (cell?.isAlive === true) {
        return [];
      }
      this.#named.delete(name);
      return cell === undefined ? [] : [`the name ${name} belongs to ${ended(cell)}`];
    });
  }

  #orphans(): readonly string[] {
    return [...this.#children].flatMap(([supervisor, children]) => {
      if (supervisor.isAlive) {
        return [];
      }
      const left = children.filter(({ isAlive }) => isAlive);
      this.#children.set(supervisor, left);
      if (left.length === 0) {
        this.#children.delete(supervisor);
      }
      return left
        .filter(isAtRest)
        .map((child) => `${nameOf(child)} runs on, a child of ${ended(supervisor)}`);
    });
  }
}

function brokenBy(cell: Cell): readonly string[] {
  return [
    ...(cell.isAlive ? [] : [`${ended(cell)} is listed as a process`]),
    ...(isIdle(cell) && cell.mailbox.length > 0
      ? [`${nameOf(cell)} has ${cell.mailbox.length} messages, and no turn`]
      : []),
    ...cell.links
      .filter((other) => !other.isAlive || !other.isLinked(cell))
      .map((other) => `${nameOf(cell)} is linked to ${stateOfPeer(other)}`),
    ...cell.monitors
      .filter((other) => !other.isAlive || !other.monitoredBy.includes(cell))
      .map((other) => `${nameOf(cell)} monitors ${stateOfPeer(other)}`),
    ...[...(cell.waits ?? [])].flatMap(({ target }) =>
      target?.isAlive === false ? [`${nameOf(cell)} waits for ${ended(target)}`] : [],
    ),
  ];
}

/** A function that receives may leave messages in its mailbox; a server does not. */
function isIdle(cell: Cell): boolean {
  return cell.status === 'idle' && isA(cell, ServerProcess) && !cell.isSuspended;
}

/** It was told of the end of its supervisor, and does nothing about it. */
function isAtRest(child: Cell): boolean {
  return !child.trapExit || (isIdle(child) && child.mailbox.length === 0);
}

function stateOfPeer(cell: Cell): string {
  return cell.isAlive ? `${nameOf(cell)}, which does not know` : ended(cell);
}

function ended(cell: Cell): string {
  return `${nameOf(cell)}, which has ended: ${cell.reason === undefined ? '' : formatReason(cell.reason)}`;
}

function isCell(cell: Cell | undefined): cell is Cell {
  return cell !== undefined;
}
