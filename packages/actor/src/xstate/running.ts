import {
  type Actor,
  type ActorOptions,
  type AnyActorLogic,
  type AnyEventObject,
  createActor,
} from 'xstate';

import { describe } from '../describe.ts';
import { Timer } from '../host/timers.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { reasonOf } from '../process/exit-error.ts';
import { type ExitReason, normal } from '../process/exit-reason.ts';
import { CastMessage } from '../server/messages.ts';

/** What all snapshots have. */
export interface AnySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: unknown;
  readonly error?: unknown;
}

/** The snapshots of actors whose process has ended, for as long as somebody has its pid. */
const last: WeakMap<Cell, AnySnapshot> = new WeakMap();

/** The last snapshot of a process that has ended; `undefined` if it never ran an actor logic. */
export function lastSnapshotOf(cell: Cell): AnySnapshot | undefined {
  return last.get(cell);
}

/**
 * An actor of xstate that lives as long as a process: that ends when the actor does, and is its
 * clock and logger.
 */
export class Running {
  readonly actor: Actor<AnyActorLogic>;
  readonly #cell: Cell;

  constructor(logic: AnyActorLogic, input: unknown, cell: Cell) {
    this.#cell = cell;
    this.actor = createActor(logic, { input, clock: clockOf(cell), logger: loggerOf(cell) });
    this.actor.subscribe({
      complete: () => {
        this.#notice();
      },
      error: (error) => {
        this.#failed(error);
      },
    });
    cell.onEnd(() => {
      this.actor.stop();
      last.set(cell, this.snapshot);
    });
    this.actor.start();
  }

  get snapshot(): AnySnapshot {
    return this.actor.getSnapshot() as AnySnapshot;
  }

  /** Why the process is to end now; `undefined` while the actor runs. */
  get end(): ExitReason | undefined {
    const { status, error } = this.snapshot;
    if (status === 'active') {
      return undefined;
    }
    return status === 'error' ? reasonOf(error) : normal;
  }

  /** Throws a `TypeError` for what is no event. */
  send(event: AnyEventObject): void {
    if (typeof event?.type !== 'string') {
      throw new TypeError(`Expected an event such as { type: 'open' }, got ${describe(event)}`);
    }
    this.actor.send(event);
  }

  /** Takes a turn to end in: the actor may have come to its end outside of one. */
  #notice(): void {
    this.#cell.pushSystem(new CastMessage('ended', undefined));
  }

  #failed(error: unknown): void {
    this.#notice();
    if (!this.#cell.isAlive) {
      const { logger } = this.#cell.runtime;
      logger.error({ err: error }, `the actor of ${nameOf(this.#cell)} failed to stop`);
    }
  }
}

type Options = ActorOptions<AnyActorLogic>;

function loggerOf(cell: Cell): NonNullable<Options['logger']> {
  return (...values: readonly unknown[]) => {
    const text = values.map((value) => (typeof value === 'string' ? value : describe(value)));
    cell.runtime.logger.warn(
      { process: String(cell.pid), values },
      `${nameOf(cell)}: ${text.join(' ')}`,
    );
  };
}

function clockOf(cell: Cell): NonNullable<Options['clock']> {
  return {
    setTimeout: (callback, ms) => new Delay(cell, callback, ms),
    clearTimeout: (delay: Delay) => {
      delay.cancel();
    },
  };
}

/** A timer of the actor's: what is to happen then takes its turn in the mailbox. */
export class Delay extends Timer {
  readonly #cell: Cell;
  #callback: (() => void) | undefined;

  constructor(cell: Cell, callback: () => void, ms: number) {
    super();
    this.#cell = cell;
    this.#callback = callback;
    // A machine that fails leaves its children running: they must not outlive the process.
    if (cell.isAlive) {
      cell.addTimer(this);
      // What is no number of milliseconds is none, as for the host's timers.
      cell.runtime.timers.start(this, Math.max(0, ms) || 0);
    }
  }

  fire(): void {
    this.#cell.removeTimer(this);
    this.#cell.pushSystem(new CastMessage('due', this));
  }

  run(): void {
    this.#callback?.();
  }

  /** It may be in the mailbox already. */
  cancel(): void {
    this.#callback = undefined;
    this.#cell.removeTimer(this);
    this.#cell.runtime.timers.stop(this);
  }
}
