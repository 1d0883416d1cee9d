import { describe } from '../describe.ts';
import { type Destination, find } from '../process/address.ts';
import { type Cell, cellOf } from '../process/cell.ts';
import { ExitError } from '../process/exit-error.ts';
import { noproc } from '../process/exit-reason.ts';
import { type Pid } from '../process/pid.ts';
import { stateOf } from '../server/state-of.ts';
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
    throw new TypeError(`Expected a supervisor that is up, got ${describe(supervisor)}`);
  }
  throw new ExitError(noproc, `tree of ${String(supervisor)}`);
}

/** The tree of a process; `undefined` if it is not a supervisor, or not up. */
export function treeOf(cell: Cell): Tree | undefined {
  const parent = stateOf(cell, SupervisorState);
  const now = cell.runtime.clock.now();
  return (
    parent && {
      id: undefined,
      pid: cell.pid,
      name: cell.name,
      type: 'supervisor',
      state: 'running',
      restarts: 0,
      age: now - parent.startedAt,
      children: childrenOf(parent, now),
    }
  );
}

function childrenOf(parent: SupervisorState | undefined, now: number): readonly Tree[] {
  return parent === undefined ? [] : Array.from(parent.children, (child) => nodeOf(child, now));
}

function nodeOf({ spec: { id, type }, pid, restarts, startedAt }: Child, now: number): Tree {
  const shown = { id, type, restarts };
  if (typeof pid !== 'object') {
    const state = pid === 'restarting' ? 'restarting' : 'stopped';
    return { ...shown, pid: undefined, name: undefined, state, age: undefined, children: [] };
  }
  const cell = cellOf(pid);
  const children = childrenOf(stateOf(cell, SupervisorState), now);
  return { ...shown, pid, name: cell.name, state: 'running', age: now - startedAt, children };
}

/**
 * A tree as text, one line for each process, drawn like a directory listing.
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
  return [labelOf(tree), ...linesBelow(tree)].join('\n');
}

function linesBelow({ children }: Tree): readonly string[] {
  return children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    const [branch, margin] = isLast ? ['└── ', '    '] : ['├── ', '│   '];
    return [branch + labelOf(child), ...linesBelow(child).map((line) => margin + line)];
  });
}

function labelOf({ id, name, pid, type, state, restarts, age }: Tree): string {
  const who = [id, name === id ? undefined : name, pid, type === 'worker' ? undefined : type];
  const facts = [
    who.filter((part) => part !== undefined).join(' '),
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
