import type { Pid } from '@reprise/actor';

import type { StepKind } from '../trace/trace.ts';

/** A part of a program that can end or stand still while the rest goes on: one life of a node. */
export interface Owner {
  readonly name: string;
  /** Its happenings are dropped when it is not alive. */
  readonly isAlive: boolean;
  /** In microseconds: until then nothing of it runs. */
  readonly pausedUntil: number;
}

/**
 * The happenings of a lane come one after the other, by their times, also when several are due: the
 * packets of a connection, the timers of a node. Others that are due come in any order.
 */
export interface Lane {
  /** For lanes that keep the order of scheduling: none comes before the last one. */
  lastAt?: number;
}

export interface Happening {
  /** In whole microseconds. */
  readonly at: number;
  readonly owner: Owner;
  readonly kind: StepKind;
  /** Stable words, for the trace. */
  readonly what: string;
  readonly lane?: Lane | undefined;
  /** The process whose call it belongs to: the code that goes on in it is that of this process. */
  readonly process?: Pid | undefined;
  /** Whether all that was due of the same owner goes first, as before a `setImmediate`. */
  readonly isLast?: boolean;
  readonly run: () => void;
}

/** A happening in the agenda. */
export class Scheduled {
  readonly happening: Happening;
  readonly sequence: number;
  /** Later than its own time if its owner was paused. */
  wakeAt: number;
  isCancelled = false;

  constructor(happening: Happening, sequence: number) {
    this.happening = happening;
    this.sequence = sequence;
    this.wakeAt = happening.at;
  }

  get isDropped(): boolean {
    return this.isCancelled || !this.happening.owner.isAlive;
  }

  isBefore(other: Scheduled): boolean {
    const { at } = this.happening;
    return at < other.happening.at || (at === other.happening.at && this.sequence < other.sequence);
  }
}
