import { describe } from '../describe.ts';
import { cellOf, cellOfProcess, type Facet } from '../process/cell.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';

export type { Facet } from '../process/cell.ts';

/**
 * Lets others read a fact about `self`, by the name `kind`: the status of a stream, for example.
 * `read` is called from outside, at any time, and has to answer at once. It ends with the process.
 * A second facet of one kind replaces the first.
 * @throws TypeError for anything but a process, and for a facet without `read`
 * @example
 * ```ts
 * import { createSystem, spawn } from '@reprise/actor';
 * import { expose, exposed } from '@reprise/actor/inspect';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * spawn(system, (self) => {
 *   let pages = 3;
 *   expose(self, 'printer', { read: () => ({ pages }) });
 *   return self.receive();
 * });
 * await settle(system);
 * for (const [pid, facet] of exposed(system, 'printer')) {
 *   console.log(String(pid), facet.read()); // #Pid<2> { pages: 3 }
 * }
 * await system.stop();
 * ```
 */
export function expose(self: Process, kind: string, facet: Facet): void {
  const cell = cellOfProcess(self);
  if (typeof facet?.read !== 'function') {
    throw new TypeError(`Expected a facet { read(): … }, got ${describe(facet)}`);
  }
  if (cell.isAlive) {
    const { runtime } = cell;
    runtime.exposed ??= new Map();
    runtime.exposed.set(cell, { ...runtime.exposed.get(cell), [kind]: facet });
  }
}

/**
 * The facet of this kind of one process; `undefined` if it has none, or has ended.
 * @throws TypeError for anything but a pid
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { expose, facetOf } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * expose(system, 'revision', { read: () => 'a1b2c3' });
 * console.log(facetOf<string>(system.pid, 'revision')?.read()); // a1b2c3
 * await system.stop();
 * ```
 */
export function facetOf<Value = unknown>(pid: Pid, kind: string): Facet<Value> | undefined {
  const cell = cellOf(pid);
  return cell.runtime.exposed?.get(cell)?.[kind] as Facet<Value> | undefined;
}

/**
 * The processes of a system that have a facet of this kind, in the order in which they have exposed
 * their first one. The results of `read` are not checked: `Value` is the type that the caller
 * expects.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { expose, exposed } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * expose(system, 'revision', { read: () => 'a1b2c3' });
 * console.log([...exposed<string>(system, 'revision')].map(([, { read }]) => read())); // [ 'a1b2c3' ]
 * await system.stop();
 * ```
 */
export function* exposed<Value = unknown>(
  system: Process,
  kind: string,
): Generator<readonly [pid: Pid, facet: Facet<Value>]> {
  for (const [cell, facets] of cellOfProcess(system, 'system').runtime.exposed ?? []) {
    const facet = facets[kind];
    if (facet !== undefined) {
      yield [cell.pid, facet as Facet<Value>];
    }
  }
}
