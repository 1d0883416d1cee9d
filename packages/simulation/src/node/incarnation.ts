import type { Logger, SystemOptions } from '@reprise/actor';

import type { Engine } from '../engine/engine.ts';
import type { Owner } from '../engine/happening.ts';
import { NodeClock } from './clock.ts';
import { NodeScheduler } from './scheduler.ts';

/** One report of a system of the node to its logger. */
export interface NodeReport {
  readonly level: 'error' | 'warn';
  readonly message: string;
}

/**
 * One life of a node, from its start to its crash. The crash gives no notice: its turns, timers and
 * answers are dropped, and calls that its code still makes have no effect.
 */
export class Incarnation implements Owner {
  readonly name: string;
  readonly clock: NodeClock;
  readonly reports: NodeReport[] = [];
  isAlive = true;
  pausedUntil = 0;
  readonly #engine: Engine;

  constructor(engine: Engine, name: string) {
    this.name = name;
    this.#engine = engine;
    this.clock = new NodeClock(engine, this);
  }

  /** The options of each system that is created in it. */
  systemOptions(): SystemOptions {
    return {
      clock: this.clock,
      scheduler: new NodeScheduler(this.#engine, this),
      random: this.random,
      parallelism: 4,
      logger: this.#logger,
      slowCallback: Infinity,
    };
  }

  /** As `Math.random`. */
  readonly random = (): number => {
    switch (this.#engine.swarm.randomness) {
      case 'even':
        return this.#engine.choices.stream(`random ${this.name}`).below(fineness) / fineness;
      case 'high':
        return 1 - 1 / fineness;
      default:
        return 0;
    }
  };

  end(): void {
    this.isAlive = false;
  }

  get #logger(): Logger {
    const log =
      (level: NodeReport['level']): Logger['error'] =>
      (_details, message) => {
        this.reports.push({ level, message });
      };
    return { error: log('error'), warn: log('warn') };
  }
}

const fineness = 2 ** 24;
