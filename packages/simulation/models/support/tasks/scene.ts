import {
  exit,
  kill,
  type Process,
  type Receiver,
  sleep,
  spawn,
  Task,
  TimeoutError,
  trapExit,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import { Verdict } from '../verdict.ts';
import { type Result, StreamRun } from './run.ts';

/** A process that has streams of tasks, one after the other, until it is done or is killed. */
interface Owner {
  readonly self: Process;
  readonly trapsExits: boolean;
  run: StreamRun | undefined;
  isDone: boolean;
}

/** One run: owners of streams, and a driver that kills tasks, and owners. */
export class Scene {
  readonly verdict = new Verdict();
  isOver = false;
  readonly #sim: Simulation;
  readonly #owners: Owner[] = [];
  readonly #runs: StreamRun[] = [];

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** The code of the driver. */
  async drive(self: Process): Promise<void> {
    const supervisor = await Task.Supervisor.startLink(self);
    const count = 1 + this.#sim.below(3);
    for (let started = 0; started < count; started += 1) {
      spawn<unknown>(self, (own) => this.#own(own, supervisor));
    }
    for (let round = 0; round < 12; round += 1) {
      await sleep(self, this.#sim.pick([1, 1, 3, 10]));
      this.#disturb(self);
    }
    await sleep(self, 1000);
    this.#settled();
    this.isOver = true;
  }

  async #own(self: Receiver<unknown>, supervisor: Task.Supervisor.Pid): Promise<void> {
    const owner: Owner = {
      self,
      trapsExits: this.#sim.below(2) === 1,
      run: undefined,
      isDone: false,
    };
    this.#owners.push(owner);
    trapExit(self, owner.trapsExits);
    for (let streams = 1 + this.#sim.below(2); streams > 0; streams -= 1) {
      await this.#consume(owner, supervisor);
    }
    // A source waits by a timer of the owner, and is told of the end after that.
    await sleep(self, 10);
    owner.isDone = true;
  }

  async #consume(owner: Owner, supervisor: Task.Supervisor.Pid): Promise<void> {
    const kind = this.#sim.pick(['own', 'supervised', 'unlinked'] as const);
    const run = this.#plan(owner, kind !== 'unlinked' && !owner.trapsExits);
    owner.run = run;
    const stream = streamOf(run, kind, supervisor);
    const last = this.#sim.below(2) === 1 ? this.#sim.below(Math.max(1, run.plan.count)) : Infinity;
    try {
      for await (const result of stream) {
        run.gives(result);
        if (run.given > last) {
          return;
        }
        await this.#pause(owner.self);
      }
      run.ends();
    } catch (thrown) {
      this.#failed(run, thrown);
    } finally {
      run.leaves();
    }
  }

  #plan({ self }: Owner, isFatal: boolean): StreamRun {
    const sim = this.#sim;
    const run = new StreamRun(sim, this.verdict, self, {
      count: sim.below(8),
      maxConcurrency: 1 + sim.below(3),
      ordered: sim.below(2) === 0,
      timeout: sim.pick([5000, 5, 20]),
      onTimeout: sim.pick(['exit', 'killTask']),
      isSlow: sim.below(3) === 2,
      isFatal,
    });
    this.#runs.push(run);
    return run;
  }

  async #pause(self: Process): Promise<void> {
    const ms = this.#sim.pick([0, 0, 1, 6]);
    if (ms > 0) {
      await sleep(self, ms);
    }
  }

  /** A stream that fails has a reason: an item that is late, or the end of its owner. */
  #failed(run: StreamRun, thrown: unknown): void {
    if (thrown instanceof TimeoutError) {
      run.timesOut();
    }
  }

  #disturb(self: Process): void {
    const running = this.#runs.flatMap((run) => run.running);
    const what = this.#sim.pick(['nothing', 'nothing', 'task', 'owner']);
    const victim = what === 'task' ? running : what === 'owner' ? this.#owners : [];
    if (victim.length > 0) {
      const one = this.#sim.pick<{ readonly pid: Process['pid'] } | Owner>(victim);
      const pid = 'self' in one ? one.self.pid : one.pid;
      this.#sim.note(`kills ${String(pid)}`);
      exit(self, pid, kill);
    }
  }

  /** With nothing under way, no task is left, no source is open, and no process waits. */
  #settled(): void {
    for (const run of this.#runs) {
      const { length } = run.running;
      this.verdict.expect(length === 0, () => `${length} tasks of a stream are left`);
    }
    for (const { self, run, isDone } of this.#owners) {
      if (!self.signal.aborted || isDone) {
        this.verdict.expect(isDone, () => `the owner ${String(self.pid)} waits`);
        this.verdict.expect(run?.isClosed !== false, () => 'a source was left open');
      }
    }
    this.verdict.check();
  }
}

function streamOf(
  run: StreamRun,
  kind: 'own' | 'supervised' | 'unlinked',
  supervisor: Task.Supervisor.Pid,
): AsyncIterable<Result> {
  const { maxConcurrency, ordered, timeout, onTimeout } = run.plan;
  const { owner, work } = run;
  const options = { maxConcurrency, ordered, timeout, onTimeout, zipInputOnExit: true } as const;
  switch (kind) {
    case 'own':
      return Task.asyncStream(owner, run.items(), work, options);
    case 'supervised':
      return Task.Supervisor.asyncStream(owner, supervisor, run.items(), work, options);
    default:
      return Task.Supervisor.asyncStreamNolink(owner, supervisor, run.items(), work, options);
  }
}
