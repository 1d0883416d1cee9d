import { describe } from '../describe.ts';
import { type KeysOf, assertKnownKeys } from '../known-keys.ts';
import { cellOfProcess, type Runtime } from '../process/cell.ts';
import type { Process } from '../process/process.ts';
import { type Witness, Witnesses } from '../process/witness.ts';

const witnessKeys: KeysOf<Required<Witness>> = {
  started: true,
  crashed: true,
  ended: true,
  childStarting: true,
  childStarted: true,
  childFailed: true,
  childRestarts: true,
  childWaits: true,
  childShutDown: true,
  childRemoved: true,
  gaveUp: true,
  slow: true,
  dropped: true,
  callTimedOut: true,
  noted: true,
};

/**
 * Tells a witness, from now on, of the events of a system. Returns a function that ends this. A
 * witness that throws is reported, and told nothing any more; the processes go on.
 *
 * Until it is called, an event costs the test of a field. The channels of
 * `node:diagnostics_channel` are for tools that know no system: they tell of all at once, with an
 * object for each event.
 * @throws TypeError for anything but a process, and for a witness with a method of another name
 * @example
 * ```ts
 * import { createSystem, formatReason, spawn } from '@reprise/actor';
 * import { watch } from '@reprise/actor/inspect';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * const unwatch = watch(system, {
 *   started: (pid) => console.log('started', String(pid)),
 *   ended: (pid, reason) => console.log('ended', String(pid), formatReason(reason)),
 * });
 * spawn(system, () => {}); // started #Pid<2>
 * await settle(system); // ended #Pid<2> normal
 * unwatch();
 * await system.stop();
 * ```
 */
export function watch(system: Process, witness: Witness): () => void {
  const { runtime } = cellOfProcess(system, 'system');
  assertWitness(witness);
  const witnesses = (runtime.witnesses ??= createWitnesses(runtime));
  witnesses.add(witness);
  return () => {
    witnesses.remove(witness);
    endIfEmpty(runtime);
  };
}

function createWitnesses(runtime: Runtime): Witnesses {
  return new Witnesses((err) => {
    endIfEmpty(runtime);
    runtime.logger.error({ err }, 'a witness failed, and is told nothing any more');
  });
}

function endIfEmpty(runtime: Runtime): void {
  if (runtime.witnesses?.isEmpty === true) {
    runtime.witnesses = undefined;
  }
}

function assertWitness(witness: Witness): void {
  if (typeof witness !== 'object' || witness === null) {
    throw new TypeError(`Expected a witness, an object with methods, got ${describe(witness)}`);
  }
  // An instance of a class may have fields of its own.
  if (Object.getPrototypeOf(witness) === Object.prototype) {
    assertKnownKeys('a witness', witness, witnessKeys);
  }
  for (const name of Object.keys(witnessKeys)) {
    const method: unknown = witness[name as keyof Witness];
    if (method !== undefined && typeof method !== 'function') {
      throw new TypeError(
        `Expected ${name} of a witness to be a function, got ${describe(method)}`,
      );
    }
  }
}

/**
 * Whether a witness watches the system of `self`: for code that would make a fact only to `note`
 * it.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { isWatched, watch } from '@reprise/actor/inspect';
 *
 * const system = createSystem();
 * watch(system, {});
 * console.log(isWatched(system)); // true
 * await system.stop();
 * ```
 */
export function isWatched(self: Process): boolean {
  return cellOfProcess(self).runtime.witnesses !== undefined;
}

/**
 * Tells the witnesses of the system a fact about `self`, such as the loss of a connection. By
 * `kind`, a witness can tell the facts of libraries apart.
 * @throws TypeError for anything but a process
 * @example
 * ```ts
 * import { createSystem, spawn } from '@reprise/actor';
 * import { note, watch } from '@reprise/actor/inspect';
 * import { settle } from '@reprise/actor/testing';
 *
 * const system = createSystem();
 * watch(system, { noted: (pid, kind, fact) => console.log(String(pid), kind, fact) });
 * spawn(system, (self) => note(self, 'printer', 'out of paper')); // #Pid<2> printer out of paper
 * await settle(system);
 * await system.stop();
 * ```
 */
export function note(self: Process, kind: string, fact: unknown): void {
  const cell = cellOfProcess(self);
  cell.runtime.witnesses?.tell('noted', cell.pid, kind, fact);
}
