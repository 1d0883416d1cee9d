import { describe } from '../describe.ts';
import { type Destination, destinationText, find } from '../process/address.ts';
import { type Cell, cellOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { noproc } from '../process/exit-reason.ts';
import { labelField } from '../process/label.ts';
import { type Pid } from '../process/pid.ts';
import { stateOf } from '../server/state-of.ts';
import { defaultRedaction } from '../shown/redaction.ts';
import { childStateOf } from './child-state.ts';
import type { Child } from './children.ts';
import { SupervisorState } from './state.ts';

/** A process of a supervision tree and its children at one moment, as plain data. */
export interface Tree {
  /**
   * The id in its child spec; children of a dynamic supervisor can have equal ids. `undefined` for
   * the supervisor at the top.
   */
  readonly id: string | undefined;
  /** `undefined` while it does not run. */
  readonly pid: Pid | undefined;
  /** The registered name. */
  readonly name: string | undefined;
  /** If it has one: see `setLabel`. As a report shows it. */
  readonly label?: unknown;
  readonly type: 'worker' | 'supervisor';
  /**
   * `restarting`: it is being restarted, its restart failed, or its restart waits for its delay.
   * `stopped`: it does not run, and waits for a request, or for the restart of a sibling.
   */
  readonly state: 'running' | 'restarting' | 'stopped';
  /** The number of restarts since its supervisor was started. */
  readonly restarts: number;
  /** How long its process has been up, in ms; `undefined` while it does not run. */
  readonly age: number | undefined;
  /** In start order. */
  readonly children: readonly Tree[];
}

/**
 * A supervisor, its children, and the children of those that are supervisors, as they are now. It
 * sends no message, and thus does not wait for a supervisor that is busy.
 * @throws ExitError `noproc` when the supervisor has ended
 * @throws TypeError for a process that is not a supervisor, or that is still starting
 * @see OTP's `observer`, tab "Applications"
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * const { children } = Supervisor.tree(app);
 * console.log(children.map(({ id, state, restarts }) => [id, state, restarts])); // [ [ 'counter', 'running', 0 ] ]
 * await system.stop();
 * ```
 */
export function tree(supervisor: Destination): Tree {
  const cell = find(supervisor);
  const found = cell && treeOf(cell);
  if (found !== undefined) {
    return found;
  }
  if (cell?.isAlive === true) {
    throw new TypeError(`Expected a supervisor that is up, got ${destinationText(supervisor)}`);
  }
  throw new ExitError(noproc, `tree of ${destinationText(supervisor)}`);
}

/** The tree of a process; `undefined` if it is not a supervisor, or not up. */
export function treeOf(cell: Cell): Tree | undefined {
  const parent = stateOf(cell, SupervisorState);
  return parent && new Growing(cell.runtime.clock.now()).treeOf(cell, parent);
}

/** The fields that a child lacks while it does not run. */
const gone = {
  pid: undefined,
  name: undefined,
  age: undefined,
  children: [],
} as const;

/** A node whose children are still to be looked at. */
interface OpenNode {
  readonly supervisor: SupervisorState;
  readonly children: Tree[];
}

/** A tree that is being read. From a list, and not by recursion: a tree can be of any depth. */
class Growing {
  readonly #now: number;
  readonly #open: OpenNode[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  treeOf(cell: Cell, supervisor: SupervisorState): Tree {
    const children = this.#childrenOf(supervisor);
    for (let node = this.#open.pop(); node !== undefined; node = this.#open.pop()) {
      for (const child of node.supervisor.children) {
        node.children.push(this.#nodeOf(child));
      }
    }
    const { pid, name } = cell;
    const age = this.#now - supervisor.startedAt;
    const root = {
      id: undefined,
      pid,
      name,
      ...labelField(cell),
      type: 'supervisor',
      state: 'running',
    } as const;
    return { ...root, restarts: 0, age, children };
  }

  #nodeOf(child: Child): Tree {
    const {
      spec: { id, type },
      pid,
      restarts,
      startedAt,
    } = child;
    const state = childStateOf(child);
    const shown = { id, type, restarts, state };
    if (state !== 'running' || typeof pid !== 'object') {
      return { ...shown, ...gone };
    }
    const cell = cellOf(pid);
    const children = this.#childrenOf(stateOf(cell, SupervisorState));
    return {
      ...shown,
      pid,
      name: cell.name,
      ...labelField(cell),
      age: this.#now - startedAt,
      children,
    };
  }

  /** The list is filled later. */
  #childrenOf(supervisor: SupervisorState | undefined): readonly Tree[] {
    const children: Tree[] = [];
    if (supervisor !== undefined) {
      this.#open.push({ supervisor, children });
    }
    return children;
  }
}

/**
 * A tree as text, one line for each process, drawn like a directory listing: at most 10,000 lines,
 * and 50 levels.
 * @example
 * ```ts
 * import { Agent, childSpec, createSystem, Supervisor } from '@reprise/actor';
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   name: 'app',
 *   children: [childSpec((parent) => Agent.startLink(parent, () => 0), { id: 'counter' })],
 * });
 * console.log(Supervisor.formatTree(Supervisor.tree(app)));
 * // app #Pid<2> supervisor, up 0 s
 * // └── counter #Pid<3>, up 0 s
 * await system.stop();
 * ```
 */
export function formatTree(tree: Tree): string {
  const lines: string[] = [];
  const open: OpenLine[] = [{ tree, margin: '', branch: '', below: '' }];
  for (let line = open.pop(); line !== undefined; line = open.pop()) {
    if (lines.length === mostLines) {
      lines.push('…');
      break;
    }
    const below = linesBelow(line);
    const isCut = below.length === 0 && line.tree.children.length > 0;
    lines.push(`${line.margin}${line.branch}${textOf(line.tree)}${isCut ? ', …' : ''}`);
    open.push(...below);
  }
  return lines.join('\n');
}

/** A deeper tree is shown down to here, at four characters a level. */
const widestMargin = 200;
const mostLines = 10_000;

/** A process that is still to be drawn. */
interface OpenLine {
  readonly tree: Tree;
  readonly margin: string;
  readonly branch: string;
  /** The margin of the lines below the branch. */
  readonly below: string;
}

/** The children, the last first: they are drawn from the end of a list. */
function linesBelow({ tree: { children }, margin: above, below: own }: OpenLine): OpenLine[] {
  const margin = above + own;
  if (margin.length >= widestMargin) {
    return [];
  }
  const last = children.length - 1;
  return children
    .slice(0, mostLines)
    .map((tree, at) => ({
      tree,
      margin,
      branch: at === last ? '└── ' : '├── ',
      below: at === last ? '    ' : '│   ',
    }))
    .toReversed();
}

function textOf({ id, name, pid, label, type, state, restarts, age }: Tree): string {
  const who = [
    id,
    name === id ? undefined : name,
    pid,
    label === undefined ? label : describe(label),
    type === 'worker' ? undefined : type,
  ];
  const facts = [
    who
      .flatMap((part) => (part === undefined ? [] : [defaultRedaction.clip(String(part), 100)]))
      .join(' '),
    age === undefined ? state : `up ${formatAge(age)}`,
    ...(restarts === 0 ? [] : [restarts === 1 ? '1 restart' : `${restarts} restarts`]),
  ];
  return facts.join(', ');
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
];

/** In the largest unit of which the age has at least two. */
function formatAge(age: number): string {
  const [unit, ms] = units.find(([, length]) => age >= 2 * length) ?? ['s', 1000];
  return `${Math.floor(age / ms)} ${unit}`;
}
