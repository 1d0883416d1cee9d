import type { AnyChildSpec } from '../../child-spec.ts';
import { maxChildren } from '../../process/exit-reason.ts';
import { type Pid } from '../../process/pid.ts';
import type { Process } from '../../process/process.ts';
import { noreply } from '../../server/next.ts';
import { failed, type Outcome } from '../call.ts';
import { type Child, type ChildCounts, createChild } from '../children.ts';
import type { Intensity } from '../intensity.ts';
import type { ChildExitOptions } from '../options.ts';
import type { Strategy } from '../rules.ts';
import { type NextState, SupervisorState } from '../state.ts';
import { DynamicChildren } from './children.ts';

/** The options of a dynamic supervisor, complete and checked. */
export interface DynamicFlags extends Intensity, ChildExitOptions {
  readonly maxChildren: number;
  readonly extraArguments: readonly unknown[];
}

/** The answer of a dynamic supervisor about one child. */
export interface DynamicChildInfo {
  /** Always `undefined`: any number of children can have the same id. */
  readonly id: undefined;
  readonly pid: Pid | 'restarting';
  readonly type: 'worker' | 'supervisor';
}

/** The state of a supervisor whose children come and go, each restarted by itself. */
export class DynamicState extends SupervisorState {
  override readonly children: DynamicChildren = new DynamicChildren();
  readonly #maxChildren: number;

  constructor(self: Process, flags: DynamicFlags) {
    super(self, flags, flags.extraArguments);
    this.#maxChildren = flags.maxChildren;
  }

  override get strategy(): Strategy {
    return 'oneForOne';
  }

  protected override restartGroupOf(child: Child): readonly Child[] {
    return [child];
  }

  protected override endedForGood(): NextState<this> {
    return noreply(this);
  }

  /** All at the same time: the supervisor does not know which of them depend on others. */
  override async shutdownAll(): Promise<void> {
    await Promise.all(Array.from(this.children, (child) => this.runner.shutdown(child)));
  }

  // Requests

  async startChild(spec: AnyChildSpec): Promise<Outcome<unknown>> {
    if (this.children.size >= this.#maxChildren) {
      return failed(maxChildren);
    }
    const child = createChild(spec);
    const launched = await this.launch(child);
    if (launched.type === 'failed') {
      this.removed(child);
    }
    return launched;
  }

  async terminateChild(pid: Pid): Promise<'ok' | 'notFound'> {
    const child = this.children.get(pid);
    if (child === undefined) {
      return 'notFound';
    }
    await this.shutdown([child]);
    return 'ok';
  }

  whichChildren(): readonly DynamicChildInfo[] {
    return Array.from(this.children, dynamicInfoOf);
  }

  countChildren(): ChildCounts {
    const { size, active, supervisors } = this.children;
    return { specs: size, active, supervisors, workers: size - supervisors };
  }
}

function dynamicInfoOf({ pid, spec: { type } }: Child): DynamicChildInfo {
  return { id: undefined, pid: pid as DynamicChildInfo['pid'], type };
}
