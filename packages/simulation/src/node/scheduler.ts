import { getLabel, type Pid, type Scheduler, type Turn } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import { afterMicrotask } from '../engine/microtask.ts';
import type { Order } from '../engine/swarm.ts';

/** As in production, where a turn that is fast handles so many messages. */
const longTurn = 16;

/** In production a slice of 4 ms ends some time; here after so many turns. */
const longestSlice = 500;

/**
 * Gives the processes of one system their turns. With the order `oldest` it does as the scheduler
 * of production: in a microtask, first come, first served, until a turn yields to microtasks. With
 * the others a turn may come some microtasks later, after another one, or in a later step.
 */
export class NodeScheduler implements Scheduler {
  readonly turnLength: number;
  readonly #engine: Engine;
  readonly #owner: Owner;
  readonly #order: Order;
  readonly #draws: Draws;
  readonly #ready: Turn[] = [];
  #isPlanned = false;
  #isYielding = false;
  /** Whether the code of a process goes on in the microtasks that it yields to. */
  #isOwnCode = false;
  /** Turns since the last step of the engine. */
  #slice = 0;

  constructor(engine: Engine, owner: Owner) {
    this.#engine = engine;
    this.#owner = owner;
    this.#order = engine.swarm.order;
    this.#draws = engine.choices.stream('turns');
    this.turnLength = this.#isTame ? longTurn : (lengths[this.#draws.below(4)] ?? longTurn);
  }

  get isIdle(): boolean {
    return !this.#isPlanned;
  }

  ready(turn: Turn): void {
    this.#ready.push(turn);
    if (!this.#isPlanned) {
      this.#plan(1);
    }
  }

  yieldToMicrotasks(turn?: Turn): void {
    this.#isYielding = true;
    this.#isOwnCode = turn !== undefined;
  }

  get #isTame(): boolean {
    return this.#order === 'oldest';
  }

  /**
   * Plans the next turn: `microtasks` later at the earliest, or in a step of its own. A node shares
   * no microtasks with others: woken by another one, its processes wait for a step.
   */
  #plan(microtasks: number): void {
    this.#isPlanned = true;
    const later = this.#isTame ? 0 : this.#draws.below(6);
    if (this.#engine.current !== this.#owner || later === 5 || this.#slice >= longestSlice) {
      this.#slice = 0;
      this.#engine.wake({ owner: this.#owner, run: this.#run });
    } else {
      afterMicrotasks(microtasks + (later < 4 ? later : 0), this.#run);
    }
  }

  readonly #run = (): void => {
    this.#isYielding = false;
    this.#isOwnCode = false;
    while (this.#ready.length > 0 && !this.#isYielding) {
      const [turn] = this.#ready.splice(this.#pick(), 1);
      if (turn === undefined || !this.#take(turn)) {
        return;
      }
      if (!this.#isTame && this.#draws.below(3) === 2) {
        break;
      }
    }
    this.#isPlanned = false;
    if (this.#ready.length > 0 || this.#isOwnCode) {
      // The code of the turn goes on in the first of two microtasks; its error reaches the process
      // in the second.
      this.#plan(this.#isYielding ? 2 : 1);
    }
  };

  #take(turn: Turn): boolean {
    if (!this.#owner.isAlive) {
      return false;
    }
    const { pid } = turn;
    const detail = (): string => labelOf(pid);
    if (!this.#engine.enter(this.#owner, { kind: 'turn', what: 'turn of', of: pid.id, detail })) {
      return false;
    }
    this.#slice += 1;
    this.#engine.process = pid;
    turn.run();
    return true;
  }

  #pick(): number {
    const { length } = this.#ready;
    switch (this.#order) {
      case 'newest':
        return length - 1;
      case 'any':
        return this.#draws.below(length);
      case 'favourite':
        return Math.max(
          0,
          this.#ready.findIndex(({ pid }) => pid.id % 3 === 0),
        );
      default:
        return 0;
    }
  }
}

function labelOf(pid: Pid): string {
  const label = getLabel(pid);
  return label === undefined ? '' : describe(label);
}

const lengths: readonly number[] = [longTurn, 1, 2, longTurn];

function afterMicrotasks(count: number, run: () => void): void {
  afterMicrotask(() => {
    if (count > 1) {
      afterMicrotasks(count - 1, run);
    } else {
      run();
    }
  });
}
