import { Queue } from '../collections/queue.ts';
import { describe } from '../describe.ts';
import { type KeysOf } from '../known-keys.ts';
import type { Cell } from '../process/cell.ts';
import { ExitError, TimeoutError } from '../process/exit-error.ts';
import { type ExitReason, kill, normal, timeout } from '../process/exit-reason.ts';
import type { Receiver } from '../process/function-process.ts';
import { TaskHub } from './link-hub.ts';
import { type TaskFunction, type TaskResult, TaskWatch } from './watch.ts';

export interface TaskStreamOptions {
  /**
   * How many items are worked on at a time. Default: the `parallelism` of the system: usually the
   * number of processors that the program may use.
   */
  readonly maxConcurrency?: number;
  /**
   * Whether results come in the order of the items, or in the order in which they are done.
   * Default: true. Then at most `maxConcurrency` results wait for an earlier one, and until that is
   * done no more items are taken.
   */
  readonly ordered?: boolean;
  /** How long one item may take, in ms. Default: 5,000. */
  readonly timeout?: number;
  /**
   * The consequence when an item takes longer. `exit`: the stream ends with a `TimeoutError`.
   * `killTask`: the task is killed, and its result has the exit reason `timeout`. Default: `exit`.
   */
  readonly onTimeout?: 'exit' | 'killTask';
  /**
   * Adds the item to a result without a value, as `input`: it tells which item failed. Default:
   * false.
   */
  readonly zipInputOnExit?: boolean;
}

/** The result of a task; an exit has the item that it is of. */
export type ZippedResult<Item, Value> =
  | Extract<TaskResult<Value>, { readonly type: 'ok' }>
  | (Extract<TaskResult, { readonly type: 'exit' }> & { readonly input: Item });

export const streamKeys: KeysOf<TaskStreamOptions> = {
  maxConcurrency: true,
  ordered: true,
  timeout: true,
  onTimeout: true,
  zipInputOnExit: true,
};

export type StreamRules = Required<TaskStreamOptions>;

/** Works on one item, as a process of its own. */
export type ItemFunction<Item, Value> = (
  item: Item,
  self: Receiver<unknown>,
) => Value | PromiseLike<Value>;

/** Starts the task of one item, usually linked to `hub`; starts nothing when `hub` has ended. */
export type Launch = (hub: Cell, watch: TaskWatch, fn: TaskFunction<unknown>) => unknown;

export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;
type Source = Iterator<unknown> | AsyncIterator<unknown>;

/** The work of a stream; the same for each iteration. */
export interface Work<Item, Value> {
  readonly items: Items<Item>;
  readonly fn: ItemFunction<Item, Value>;
  readonly launch: Launch;
}

/** One item. Its timer is the item's timeout. */
class Slot extends TaskWatch {
  readonly #iteration: TaskIteration;
  /** The item, if the result is to have it. */
  readonly #input: { readonly input: unknown } | undefined;
  result: TaskResult | undefined = undefined;

  constructor(iteration: TaskIteration, input: { readonly input: unknown } | undefined) {
    super();
    this.#iteration = iteration;
    this.#input = input;
  }

  protected settled(result: TaskResult): void {
    this.result = result.type === 'exit' ? { ...result, ...this.#input } : result;
    this.#iteration.settled(this, result);
  }

  fire(): void {
    this.#iteration.timedOut(this);
  }
}

/**
 * One iteration over a stream. Takes an item when a result is wanted and there is room for one more
 * task.
 */
export class TaskIteration {
  readonly #work: Work<unknown, unknown>;
  readonly #rules: StreamRules;
  readonly #source: Source;
  readonly #owner: Cell;
  readonly #hub: TaskHub;
  readonly #forgetOwner: () => void;
  readonly #running = new Set<Slot>();
  /**
   * Slots in the order of their delivery: with `ordered` from their start, otherwise from their
   * result.
   */
  readonly #queue = new Queue<Slot>();
  /** How many items were started whose results were not taken. */
  #open = 0;
  #isFilling = false;
  #isDry = false;
  #isOver = false;
  #failure: { readonly thrown: unknown } | undefined = undefined;
  #wanted: PromiseWithResolvers<TaskResult | undefined> | undefined = undefined;

  constructor(owner: Cell, work: Work<unknown, unknown>, rules: StreamRules) {
    this.#work = work;
    this.#rules = rules;
    this.#source = iteratorOf(work.items);
    this.#owner = owner;
    this.#hub = new TaskHub(owner);
    const ended = (reason: ExitReason): void => {
      this.#fail(new ExitError(reason, 'a stream of tasks'));
    };
    this.#hub.onEnd(ended);
    this.#forgetOwner = owner.onEnd(ended);
  }

  /** The next result; `undefined` after the last. */
  next(): Promise<TaskResult | undefined> {
    this.#wanted = Promise.withResolvers();
    const { promise } = this.#wanted;
    void this.#fill();
    this.#deliver();
    return promise;
  }

  /** Kills the unfinished tasks. */
  async close(): Promise<void> {
    this.#stop();
    const closing = Promise.resolve(this.#source.return?.());
    if (this.#isFilling) {
      // A source that never delivers the item that it was asked for is not waited for.
      closing.catch(() => undefined);
    } else {
      await closing;
    }
  }

  async #fill(): Promise<void> {
    if (this.#isFilling) {
      return;
    }
    this.#isFilling = true;
    while (this.#hasRoom()) {
      await this.#takeOne();
    }
    this.#isFilling = false;
    this.#deliver();
  }

  async #takeOne(): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      if (done !== true) {
        await this.#start(value);
        return;
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#isDry = true;
  }

  #hasRoom(): boolean {
    const { maxConcurrency } = this.#rules;
    return (
      this.#wanted !== undefined &&
      !this.#isDry &&
      !this.#isOver &&
      this.#running.size < maxConcurrency &&
      this.#open < 2 * maxConcurrency
    );
  }

  async #start(item: unknown): Promise<void> {
    const { ordered, timeout, zipInputOnExit } = this.#rules;
    const slot = new Slot(this, zipInputOnExit ? { input: item } : undefined);
    this.#running.add(slot);
    this.#open += 1;
    if (ordered) {
      this.#queue.push(slot);
    }
    await this.#work.launch(this.#hub, slot, (self) => this.#work.fn(item, self));
    if (timeout < Infinity && slot.result === undefined) {
      this.#hub.runtime.timers.start(slot, timeout);
    }
  }

  settled(slot: Slot, result: TaskResult): void {
    this.#running.delete(slot);
    this.#hub.runtime.timers.stop(slot);
    if (this.#isOver || this.#isFatal(slot, result)) {
      return;
    }
    if (!this.#rules.ordered) {
      this.#queue.push(slot);
    }
    this.#deliver();
    void this.#fill();
  }

  /** Whether the end of this task is about to end the hub, by its link, and so the stream. */
  #isFatal({ cell }: Slot, result: TaskResult): boolean {
    return (
      result.type === 'exit' &&
      result.reason.type !== 'normal' &&
      !this.#hub.trapExit &&
      cell !== undefined &&
      this.#hub.isLinked(cell)
    );
  }

  timedOut(slot: Slot): void {
    if (this.#rules.onTimeout === 'exit') {
      const ms = this.#rules.timeout;
      this.#fail(new TimeoutError(`an item of a stream of tasks was not done in ${ms} ms`));
      return;
    }
    const cell = slot.cell as Cell;
    this.#hub.unlink(cell);
    slot.settle({ type: 'exit', reason: timeout });
    cell.receiveExit(this.#hub, kill, true);
  }

  #deliver(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) {
      return;
    }
    if (this.#failure !== undefined) {
      this.#wanted = undefined;
      wanted.reject(this.#failure.thrown);
      return;
    }
    const next = this.#queue.length > 0 ? this.#queue.at(0).result : undefined;
    if (next !== undefined) {
      this.#queue.shift();
      this.#open -= 1;
    }
    if (next !== undefined || (this.#isDry && this.#open === 0)) {
      this.#wanted = undefined;
      wanted.resolve(next);
    }
  }

  #fail(thrown: unknown): void {
    if (!this.#isOver) {
      this.#failure = { thrown };
      this.#stop();
      this.#deliver();
    }
  }

  /** The hub ends first: the ends of the tasks must not reach the owner. */
  #stop(): void {
    this.#isOver = true;
    this.#forgetOwner();
    this.#owner.unlink(this.#hub);
    this.#hub.end(normal);
    for (const slot of this.#running) {
      slot.cell?.receiveExit(this.#hub, kill, true);
    }
  }
}

function iteratorOf(items: Partial<AsyncIterable<unknown>> & Partial<Iterable<unknown>>): Source {
  const source = items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]?.();
  if (source === undefined) {
    throw new TypeError(`Expected items that can be iterated over, got ${describe(items)}`);
  }
  return source;
}
