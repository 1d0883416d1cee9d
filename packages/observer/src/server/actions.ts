import {
  DynamicSupervisor,
  exit,
  type Pid,
  processes,
  shutdown,
  Supervisor,
  sys,
  type System,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { assertOneOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { Live } from '../live/live.ts';
import type { Structure } from '../live/structure.ts';
import type { TreeRow } from '../live/tree-rows.ts';
import { type Answer, plain } from './exchange.ts';

/** What can be done to a process from the page, where the options allow it. */
export type ObserverAction = 'suspend' | 'resume' | 'restart' | 'stop';

const observerActions: readonly ObserverAction[] = ['suspend', 'resume', 'restart', 'stop'];

/** Another process is not waited for longer, in ms. */
const timeout = 3000;

/** The buttons of the page. */
export class Actions {
  readonly #system: System;
  readonly #live: Live;
  readonly #allowed: ReadonlySet<string>;
  readonly #own: Pid | undefined;

  /** `own`: the server of the page. It, and what it stands below, is left alone. */
  constructor(
    system: System,
    live: Live,
    allowed: readonly ObserverAction[],
    own: Pid | undefined,
  ) {
    this.#system = system;
    this.#live = live;
    this.#allowed = new Set(allowed);
    this.#own = own;
  }

  /** `undefined` for an action that is not allowed: it has no address. */
  async act(action: string, body: unknown, address: string): Promise<Answer | undefined> {
    if (!this.#allowed.has(action)) {
      return undefined;
    }
    const number = rowIn(body);
    const structure = this.#live.structure();
    const row = structure.get(number);
    const problem = row === undefined ? gone : this.#objection(structure, row);
    if (row === undefined || problem !== undefined) {
      return problem;
    }
    const path = pathIn(structure, row);
    this.#system.logger.warn(
      { action, path, pid: row.pid, address },
      'a person acts on a process from the page of the observer',
    );
    try {
      await this.#do(action as ObserverAction, structure, row);
      return { status: 204, headers: { 'cache-control': 'no-store' }, body: '' };
    } catch (error) {
      return plain(409, `It did not ${action}: ${(error as Error).message}`);
    }
  }

  #objection(structure: Structure, row: TreeRow): Answer | undefined {
    if (row.parent === 0 && row.type === 'supervisor') {
      return plain(409, 'Expected a process below the top, got the top');
    }
    const own = this.#own && structure.rowOf(this.#own.id);
    const isOwn = own !== undefined && idsAbove(structure, own).includes(row.row);
    return isOwn ? plain(409, 'Expected another process than those of the observer') : undefined;
  }

  async #do(action: ObserverAction, structure: Structure, row: TreeRow): Promise<void> {
    const parent = structure.get(row.parent);
    switch (action) {
      case 'suspend':
        return sys.suspend(this.#pid(row), { timeout });
      case 'resume':
        return sys.resume(this.#pid(row), { timeout });
      case 'restart':
        return this.#restart(structure.idOf(row.row), parent);
      case 'stop':
        return this.#stop(structure.idOf(row.row), row, parent);
      default:
        return action satisfies never;
    }
  }

  /** In order, and with no restart that counts. */
  async #restart(id: string, parent: TreeRow | undefined): Promise<void> {
    if (parent?.supervises === undefined || parent.supervises.isDynamic) {
      throw new TypeError('Expected a child of a supervisor that is not dynamic');
    }
    const supervisor = this.#pid(parent) as Supervisor.Pid;
    const child = supervisorInfo(supervisor)?.children.find((one) => one.id === id);
    if (child?.restart === 'temporary') {
      throw new TypeError('Expected a child that is kept when it stops, got a temporary one');
    }
    await Supervisor.terminateChild(supervisor, id);
    await Supervisor.restartChild(supervisor, id);
  }

  async #stop(id: string, row: TreeRow, parent: TreeRow | undefined): Promise<void> {
    if (parent?.supervises === undefined) {
      exit(this.#system, this.#pid(row), shutdown);
    } else if (parent.supervises.isDynamic) {
      const supervisor = this.#pid(parent) as DynamicSupervisor.Pid;
      await DynamicSupervisor.terminateChild(supervisor, this.#pid(row));
    } else {
      await Supervisor.terminateChild(this.#pid(parent) as Supervisor.Pid, id);
    }
  }

  #pid({ pid }: TreeRow): Pid {
    const found = processes(this.#system).find(({ id }) => id === pid);
    if (found === undefined) {
      throw new TypeError('Expected a process that runs');
    }
    return found;
  }
}

const gone = plain(409, 'Expected a process that is there');

/** @throws TypeError for another body */
function rowIn(body: unknown): number {
  const { row } = Object(body) as { readonly row?: unknown };
  if (!Number.isSafeInteger(row)) {
    throw new TypeError('Expected row, the number of a row');
  }
  return row as number;
}

/** Of a row and those above it. */
function idsAbove(structure: Structure, row: number): readonly number[] {
  const { parent } = structure.get(row) ?? {};
  return parent === undefined || parent === 0 ? [row] : [row, ...idsAbove(structure, parent)];
}

/** The ids from the top down. */
export function pathIn(structure: Structure, { row }: TreeRow): string {
  return idsAbove(structure, row)
    .map((one) => structure.get(one)?.id ?? '')
    .toReversed()
    .join(' / ');
}

/** @throws TypeError for anything but a list of actions */
export function assertActions(actions: unknown): void {
  if (!Array.isArray(actions)) {
    throw new TypeError(
      `Expected actions to be a list, such as ["suspend", "resume"], got ${describe(actions)}`,
    );
  }
  for (const action of actions as readonly unknown[]) {
    assertOneOf('Expected actions to hold', action, observerActions);
  }
}
