import {
  type Actor,
  type ActorOptions,
  type AnyActorLogic,
  type AnyEventObject,
  createActor,
} from 'xstate';

import { setBrand, oneOfAll } from '../brand.ts';
import { describe } from '../describe.ts';
import { Timer } from '../host/timers.ts';
import { type Cell, nameOf } from '../process/cell.ts';
import { reasonOf } from '../process/exit-error.ts';
import { type ExitReason, normal } from '../process/exit-reason.ts';
import { loggerFor } from '../process/extras.ts';
import { CastMessage } from '../server/messages.ts';

/** The fields that all snapshots have. */
export interface AnySnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly output?: unknown;
  readonly error?: unknown;
}

/** The last snapshots of processes that have ended, as long as their pids are reachable. */
const last: WeakMap<Cell, AnySnapshot> = /* @__PURE__ */ oneOfAll(
  'last snapshots',
  () => new WeakMap(),
);

/** The last snapshot of a process that has ended; `undefined` if it never ran an actor logic. */
export function lastSnapshotOf(cell: Cell): AnySnapshot | undefined {
  return last.get(cell);
}

/**
 * An actor of xstate that lives as long as its process. The process ends when the actor does, and
 * gives it the clock and the logger of its system.
 */
export class Running {
  static {
    setBrand(this, 'running actor');
  }

  readonly actor: Actor<AnyActorLogic>;
  readonly #cell: Cell;

  constructor(logic: AnyActorLogic, input: unknown, cell: Cell) {
    this.#cell = cell;
    this.actor = createActor(logic, { input, clock: clockOf(cell), logger: loggerOf(cell) });
    this.actor.subscribe({
      complete: () => {
        this.#requestEnd();
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

  /** The reason for the process to end now; `undefined` while the actor runs. */
  get end(): ExitReason | undefined {
    const { status, error } = this.snapshot;
    if (status === 'active') {
      return undefined;
    }
    return status === 'error' ? reasonOf(error) : normal;
  }

  /** Throws a `TypeError` for a value that is no event. */
  send(event: AnyEventObject): void {
    if (typeof event?.type !== 'string') {
      throw new TypeError(`Expected an event such as { type: 'open' }, got ${describe(event)}`);
    }
    this.actor.send(event);
  }

  /** Requests a turn to end in: the actor may have ended outside of a turn. */
  #requestEnd(): void {
    this.#cell.pushSystem(new CastMessage('ended', undefined));
  }

  #failed(error: unknown): void {
    this.#requestEnd();
    if (!this.#cell.isAlive) {
      loggerFor(this.#cell).error(
        { err: error },
        `the actor of ${nameOf(this.#cell)} failed to stop`,
      );
    }
  }
}

type LogicOptions = ActorOptions<AnyActorLogic>;

function loggerOf(cell: Cell): NonNullable<LogicOptions['logger']> {
  return (...values: readonly unknown[]) => {
    const text = values.map((value) => (typeof value === 'string' ? value : describe(value)));
    loggerFor(cell).warn(
      { process: String(cell.pid), values },
      `${nameOf(cell)}: ${text.join(' ')}`,
    );
  };
}

function clockOf(cell: Cell): NonNullable<LogicOptions['clock']> {
  return {
    setTimeout: (callback, ms) => new Delay(cell, callback, ms),
    clearTimeout: (delay: Delay) => {
      delay.cancel();
    },
  };
}

/** A timer of the actor. Its callback runs in a turn of the process. */
export class Delay extends Timer {
  readonly #cell: Cell;
  #callback: (() => void) | undefined;

  constructor(cell: Cell, callback: () => void, ms: number) {
    super();
    this.#cell = cell;
    this.#callback = callback;
    // A machine that fails leaves its child actors running: they must not set timers afterwards.
    if (cell.isAlive) {
      cell.addTimer(this);
      // NaN and negative numbers mean 0, as for the timers of the host.
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

  /** Drops the callback, too: its message may be in the mailbox already. */
  cancel(): void {
    this.#callback = undefined;
    this.#cell.removeTimer(this);
    this.#cell.runtime.timers.stop(this);
  }
}
