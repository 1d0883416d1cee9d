import type { Backoff, Restart, Shutdown, Supervisor } from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

interface ChildPlan {
  /** No other child of the run has it. */
  readonly id: string;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  readonly restartDelay?: Backoff;
}

/** A child that has no children. */
export interface WorkerPlan extends ChildPlan {
  readonly type: 'worker';
  /** A server, or else a function. */
  readonly isServer: boolean;
  readonly trapsExits: boolean;
  /** How long its `init` takes, in ms. */
  readonly rise: number;
  /** How long its `terminate` takes, in ms. */
  readonly farewell: number;
}

export interface SupervisorPlan extends ChildPlan {
  readonly type: 'supervisor';
  readonly kind: 'static' | 'dynamic' | 'partition';
  /** Of a static one; the others restart each child by itself. */
  readonly strategy: Supervisor.Options['strategy'];
  readonly autoShutdown: NonNullable<Supervisor.Options['autoShutdown']>;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  /** Those that it starts with; of a partition supervisor, the one that all partitions run. */
  readonly children: readonly Plan[];
}

export type Plan = WorkerPlan | SupervisorPlan;

/** A pause that is longer than most of the activity between two steps of the driver. */
const backoff: Backoff = { minDelay: 60, maxDelay: 240, healthyAfter: 500 };

/** Makes up trees, and single children. The tame choices make a small tree without delays. */
export class Planner {
  readonly #sim: Simulation;
  #ids = 0;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** A supervisor, with others below it while `depth` is above 1. */
  supervisor(depth: number, parent?: SupervisorPlan): SupervisorPlan {
    const sim = this.#sim;
    const kind: SupervisorPlan['kind'] = parent === undefined ? 'static' : sim.pick(kinds);
    const plan = {
      ...this.#child(parent),
      type: 'supervisor',
      kind,
      shutdown: Infinity,
      strategy: kind === 'static' ? sim.pick(strategies) : 'oneForOne',
      autoShutdown: kind === 'static' ? sim.pick(autoShutdowns) : 'never',
      maxRestarts: sim.pick([2, 1, 4]),
      maxSeconds: sim.pick([1, 0.05]),
    } as const;
    return { ...plan, children: this.#children({ ...plan, children: [] }, depth) };
  }

  worker(parent: SupervisorPlan): WorkerPlan {
    const sim = this.#sim;
    const isServer = sim.below(4) < 3;
    return {
      ...this.#child(parent),
      type: 'worker',
      isServer,
      trapsExits: isServer && sim.below(2) === 1,
      shutdown: sim.pick([20, 'brutalKill', 3]),
      rise: isServer ? sim.pick([0, 0, 5]) : 0,
      farewell: sim.pick([0, 0, 5, 40]),
    };
  }

  #children(parent: SupervisorPlan, depth: number): readonly Plan[] {
    if (parent.kind !== 'static') {
      return [this.worker(parent)];
    }
    return Array.from({ length: 1 + this.#sim.below(3) }, () =>
      depth > 1 && this.#sim.below(3) === 2
        ? this.supervisor(depth - 1, parent)
        : this.worker(parent),
    );
  }

  #child(parent: SupervisorPlan | undefined): Omit<ChildPlan, 'shutdown'> {
    const sim = this.#sim;
    this.#ids += 1;
    const restart = sim.pick(['permanent', 'permanent', 'transient', 'temporary'] as const);
    const canBeSignificant = parent !== undefined && parent.autoShutdown !== 'never';
    return {
      id: `c${this.#ids}`,
      restart,
      significant: canBeSignificant && restart !== 'permanent' && sim.below(2) === 1,
      ...(sim.below(3) === 2 ? { restartDelay: backoff } : {}),
    };
  }
}

const kinds = ['static', 'dynamic', 'partition'] as const;
const strategies = ['oneForOne', 'oneForAll', 'restForOne'] as const;
const autoShutdowns = ['never', 'never', 'anySignificant', 'allSignificant'] as const;
