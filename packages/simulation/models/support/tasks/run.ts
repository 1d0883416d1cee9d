import {
  exit,
  type ExitError,
  type ExitReason,
  isAlive,
  noconnection,
  normal,
  type Pid,
  type Process,
  sleep,
  type Task,
} from '@reprise/actor';
import type { Simulation } from '@reprise/simulation';

import type { Verdict } from '../verdict.ts';

/** How a stream is asked for. */
export interface StreamPlan {
  readonly count: number;
  readonly maxConcurrency: number;
  readonly ordered: boolean;
  readonly timeout: number;
  readonly onTimeout: 'exit' | 'killTask';
  /** Each item comes after a while. */
  readonly isSlow: boolean;
  /** The abnormal end of a task ends the owner: it is linked, and traps no exits. */
  readonly isFatal: boolean;
}

/** The work on one item. */
interface Work {
  readonly pid: Pid;
  /** In ms. */
  readonly began: number;
  ended: number | undefined;
  reason: ExitReason | undefined;
}

export type Result = Task.Result<number> & { readonly input?: unknown };

/** By how much a timer may be late, in ms. */
const late = 5;

/**
 * One iteration over a stream of tasks: its source, the function of its tasks, and the rules that
 * they and the results are judged by.
 */
export class StreamRun {
  readonly plan: StreamPlan;
  readonly works: Map<number, Work> = new Map();
  /** The source has no item left, or was told that no more are wanted. */
  isClosed = false;
  readonly owner: Process;
  readonly #sim: Simulation;
  readonly #verdict: Verdict;
  readonly #given: Set<number> = new Set();
  /** Nothing may begin any more. */
  #isLeft = false;
  #taken = 0;

  constructor(sim: Simulation, verdict: Verdict, owner: Process, plan: StreamPlan) {
    this.#sim = sim;
    this.#verdict = verdict;
    this.owner = owner;
    this.plan = plan;
    owner.signal.addEventListener('abort', () => {
      this.leaves();
    });
  }

  get running(): readonly Work[] {
    return [...this.works.values()].filter(({ pid, ended }) => ended === undefined && isAlive(pid));
  }

  /** How many results it has given. */
  get given(): number {
    return this.#given.size;
  }

  /** The items, from 0 on. */
  async *items(): AsyncGenerator<number, void, undefined> {
    try {
      for (let item = 0; item < this.plan.count; item += 1) {
        if (this.plan.isSlow) {
          await sleep(this.owner, 1);
        }
        this.#taken += 1;
        const waiting = this.#taken - this.given;
        this.#expect(waiting <= 2 * this.plan.maxConcurrency, () => `${waiting} items are taken`);
        yield item;
      }
    } finally {
      this.isClosed = true;
    }
  }

  /** The function of the tasks. */
  readonly work = async (item: number, self: Process): Promise<number> => {
    const work = this.#begin(item, self);
    const ms = this.#sim.pick([0, 0, 2, 8, 40]);
    if (ms > 0) {
      await sleep(self, ms);
    }
    const end = this.#sim.pick([undefined, undefined, undefined, noconnection, normal]);
    if (end !== undefined) {
      exit(self, end);
    }
    work.ended = this.#sim.now;
    return item * 10;
  };

  /** The stream gives a result. */
  gives(result: Result): void {
    const item = this.#itemOf(result);
    const work = this.works.get(item);
    this.#expect(!this.#given.has(item), () => `a second result of item ${item}`);
    this.#given.add(item);
    if (result.type === 'ok') {
      this.#givesValue(item, result.value, work);
    } else {
      this.#givesExit(item, result, work);
    }
  }

  /** The stream has ended by itself. */
  ends(): void {
    const { count } = this.plan;
    this.#expect(this.given === count, () => `${this.given} results of ${count} items`);
  }

  /** The stream is over, or broken off, or its owner has ended. */
  leaves(): void {
    this.#isLeft = true;
    const { length } = this.running;
    this.#expect(length === 0, () => `${length} tasks go on after the end of their stream`);
  }

  /** The stream fails since an item has taken too long. */
  timesOut(): void {
    const { timeout } = this.plan;
    const isLate = [...this.works.values()].some(({ began, ended = this.#sim.now }) => {
      return ended - began >= timeout;
    });
    this.#expect(isLate, () => 'a stream has timed out, and no item has');
  }

  #begin(item: number, self: Process): Work {
    this.#expect(!this.works.has(item), () => `item ${item} is worked on twice`);
    this.#expect(!this.#isLeft, () => `item ${item} is begun after the end of its stream`);
    const { pid } = self;
    const work: Work = { pid, began: this.#sim.now, ended: undefined, reason: undefined };
    this.works.set(item, work);
    const { maxConcurrency } = this.plan;
    const { length } = this.running;
    this.#expect(length <= maxConcurrency, () => `${length} tasks, not ${maxConcurrency}`);
    self.signal.addEventListener('abort', () => {
      work.ended ??= this.#sim.now;
      work.reason = (self.signal.reason as ExitError).reason;
      const isFatal = this.plan.isFatal && work.reason === noconnection;
      this.#expect(!isFatal || !isAlive(this.owner.pid), () => `its owner outlived item ${item}`);
    });
    return work;
  }

  /** In a stream without order, only a value or the input tells of which item a result is. */
  #itemOf(result: Result): number {
    if (this.plan.ordered) {
      return this.given;
    }
    return result.type === 'ok' ? result.value / 10 : (result.input as number);
  }

  #givesValue(item: number, value: number, work: Work | undefined): void {
    this.#expect(value === item * 10, () => `${value} in the place of the value of item ${item}`);
    const took = (work?.ended ?? Infinity) - (work?.began ?? 0);
    this.#expect(took <= this.plan.timeout + late, () => `item ${item} was done after ${took} ms`);
  }

  #givesExit(
    item: number,
    { reason, input }: Result & { type: 'exit' },
    work: Work | undefined,
  ): void {
    this.#expect(input === item, () => `the input ${String(input)} for item ${item}`);
    if (reason.type === 'timeout') {
      const took = this.#sim.now - (work?.began ?? this.#sim.now);
      this.#expect(took >= this.plan.timeout, () => `item ${item} timed out after ${took} ms`);
    } else {
      const is = work?.reason?.type ?? 'killed';
      this.#expect(reason.type === is, () => `${reason.type} of item ${item}, which was ${is}`);
    }
  }

  #expect(holds: boolean, broken: () => string): void {
    this.#verdict.expect(holds, broken);
  }
}
