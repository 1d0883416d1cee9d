import { setBrand } from '../brand.ts';
import type { ChildSpec } from '../child-spec.ts';
import {
  alreadyPresent,
  alreadyStarted,
  type ExitReason,
  failedToStartChild,
  notFound,
  restarting,
  running,
  shutdown,
  shutdownWith,
} from '../process/exit-reason.ts';
import type { Pid } from '../process/pid.ts';
import type { Process } from '../process/process.ts';
import { isAlive } from '../process/signals.ts';
import type { From } from '../server/behaviour.ts';
import * as GenServer from '../server/gen-server.ts';
import { type NoReply, noreply, stop } from '../server/next.ts';
import { failed, type Outcome } from './call.ts';
import { ChildWaits } from './child-waits.ts';
import {
  type Child,
  type ChildCounts,
  type ChildInfo,
  Children,
  countsOf,
  infoOf,
} from './children.ts';
import { significanceProblem, type SupervisorFlags } from './options.ts';
import { isAutoShutdown, restartGroup, type Strategy } from './rules.ts';
import { type NextState, SupervisorState } from './state.ts';

/** The state of a supervisor whose children have ids and a start order. */
export class StaticState extends SupervisorState {
  static {
    setBrand(this, 'static supervisor');
  }

  override readonly children: Children = new Children();
  readonly #flags: SupervisorFlags;
  readonly #waits = new ChildWaits();

  constructor(self: Process, flags: SupervisorFlags) {
    super(self, flags);
    this.#flags = flags;
  }

  override get strategy(): Strategy {
    return this.#flags.strategy;
  }

  protected override restartGroupOf(child: Child): readonly Child[] {
    return restartGroup(this.#flags.strategy, child, this.children);
  }

  protected override started({ spec: { id } }: Child, pid: Pid): void {
    this.#waits.end(id, pid);
  }

  protected override endedForGood(child: Child): NextState<this> {
    const isOver = isAutoShutdown(this.#flags.autoShutdown, child, this.children);
    return isOver ? stop(shutdown, this) : noreply(this);
  }

  /**
   * Starts the first children, in order. When one fails, those before it are shut down again, and
   * this resolves with the reason.
   */
  async startAll(specs: readonly ChildSpec[]): Promise<ExitReason | undefined> {
    for (const spec of specs) {
      const launched = await this.launch(this.children.add(spec));
      if (launched.type === 'failed') {
        await this.shutdownAll();
        return shutdownWith(failedToStartChild(spec.id, launched.reason));
      }
    }
    return undefined;
  }

  override async shutdownAll(): Promise<void> {
    await this.shutdown(this.children.inStartOrder);
  }

  // Requests

  async startChild(spec: ChildSpec): Promise<Outcome<unknown>> {
    const present = this.children.get(spec.id);
    if (present !== undefined) {
      const { pid } = present;
      return failed(typeof pid === 'object' ? alreadyStarted(pid) : alreadyPresent);
    }
    const message = significanceProblem(spec, this.#flags.autoShutdown);
    if (message !== undefined) {
      return { type: 'misuse', message };
    }
    const child = this.children.add(spec);
    const launched = await this.launch(child);
    if (launched.type === 'failed') {
      this.children.delete(child);
      this.removed(child);
      return failed(failedToStartChild(spec.id, launched.reason));
    }
    return launched;
  }

  async terminateChild(id: string): Promise<'ok' | 'notFound'> {
    const child = this.children.get(id);
    if (child === undefined) {
      return 'notFound';
    }
    await this.shutdown([child]);
    return 'ok';
  }

  restartChild(id: string): Outcome<unknown> | Promise<Outcome<unknown>> {
    const child = this.children.get(id);
    if (child === undefined) {
      return failed(notFound);
    }
    if (child.pid !== undefined) {
      return failed(child.pid === 'restarting' ? restarting : running);
    }
    return this.launch(child);
  }

  /** Gives the caller the pid of the child: now if it runs, else once it does. */
  whenChild(id: string, caller: From<Pid | undefined>): NoReply<this> {
    const child = this.children.get(id);
    // The process may have ended without its exit having been handled yet.
    if (child === undefined || (typeof child.pid === 'object' && isAlive(child.pid))) {
      GenServer.reply(caller, child?.pid as Pid | undefined);
    } else {
      this.#waits.add(id, caller);
    }
    return noreply(this);
  }

  deleteChild(id: string): 'ok' | 'notFound' | 'running' | 'restarting' {
    const child = this.children.get(id);
    if (child === undefined) {
      return 'notFound';
    }
    if (child.pid !== undefined) {
      return child.pid === 'restarting' ? 'restarting' : 'running';
    }
    this.children.delete(child);
    this.removed(child);
    return 'ok';
  }

  whichChildren(): readonly ChildInfo[] {
    return this.children.inStartOrder.toReversed().map(infoOf);
  }

  whichChild(id: string): ChildInfo | undefined {
    const child = this.children.get(id);
    return child && infoOf(child);
  }

  countChildren(): ChildCounts {
    return countsOf(this.children.inStartOrder);
  }
}
