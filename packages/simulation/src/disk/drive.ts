import type { Pid } from '@reprise/actor';

import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import type { Lane, Owner } from '../engine/happening.ts';
import { Directory } from './directory.ts';

/** The node that a drive is in. */
export interface Machine {
  readonly name: string;
  readonly engine: Engine;
  /** False if the node has crashed, or does it now. */
  crashPoint(life: Owner): boolean;
  onCrash(crashed: () => void): unknown;
}

interface Operation<Answer = unknown> {
  /** The words for the trace. */
  readonly what: string;
  readonly apply: (directory: Directory) => Answer;
}

/**
 * The part of a node that outlasts its crash. With faults of disks it may lose changes that were
 * not synced, the last ones first, and let a change land that was under way.
 */
export class Drive {
  readonly directory: Directory = new Directory();
  readonly #machine: Machine;
  readonly #owner: Owner;
  readonly #draws: Draws;
  /** As in a file system, operations have their effects in the order of the calls. */
  readonly #lane: Lane = { lastAt: 0 };
  readonly #underWay: Set<Operation> = new Set();

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#owner = { name: machine.name, isAlive: true, pausedUntil: 0 };
    this.#draws = machine.engine.choices.stream(`disk ${machine.name}`);
    machine.onCrash(() => {
      this.#losePower();
    });
  }

  /** Never settles if the node crashes before the operation, or right after it. */
  run<Answer>(life: Owner, operation: Operation<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#machine.crashPoint(life)) {
        this.#underWay.add(operation);
        const delay = this.#draws.below(longestOperation);
        const { process } = this.#machine.engine;
        this.#schedule(life, { what: operation.what, delay, lane: this.#lane, process }, () => {
          this.#underWay.delete(operation);
          const settle = this.#apply(operation, resolve, reject);
          if (this.#machine.crashPoint(life)) {
            settle();
          }
        });
      }
    });
  }

  #apply<Answer>(
    { apply }: Operation<Answer>,
    resolve: (answer: Answer) => void,
    reject: (error: unknown) => void,
  ): () => void {
    try {
      const answer = apply(this.directory);
      return () => {
        resolve(answer);
      };
    } catch (error) {
      return () => {
        reject(error);
      };
    }
  }

  #losePower(): void {
    const { disk, tear } = this.#machine.engine.rates;
    const underWay = [...this.#underWay];
    this.#underWay.clear();
    if (disk > 0) {
      this.directory.losePower({ draws: this.#draws, tears: tear > 0 });
      for (const operation of underWay.filter(() => this.#draws.below(4) === 3)) {
        this.#land(operation);
      }
    }
  }

  /** Its bytes were on their way to the drive, which has power of its own. */
  #land({ what, apply }: Operation): void {
    const delay = this.#draws.below(longestLanding);
    this.#schedule(this.#owner, { what: `${what}, late`, delay }, () => {
      try {
        apply(this.directory);
      } catch {
        // The file that it was for was lost, or is not there any more.
      }
    });
  }

  #schedule(owner: Owner, { delay, ...step }: Step, run: () => void): void {
    const { engine } = this.#machine;
    engine.schedule({ ...step, at: engine.now + delay, owner, kind: 'port', run });
  }
}

interface Step {
  readonly what: string;
  readonly delay: number;
  readonly lane?: Lane;
  readonly process?: Pid | undefined;
}

/** Both in microseconds. */
const longestOperation = 2000;
const longestLanding = 10_000_000;
