import type { Pid } from '@reprise/actor';

import { Series } from './series.ts';

/** The upper bounds of the classes of durations, in seconds: those of the conventions. */
export const bounds: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** How long the handler of a stream took for its events, in seconds. */
export interface Handling {
  count: number;
  sum: number;
  /** How many there are in each class; the last one has no upper bound. */
  readonly classes: Float64Array;
  /** How old the last event was when it was handled; `undefined` where nobody tells. */
  lag: number | undefined;
}

/** The process of a stream whose handler is timed. */
interface TimedProcess {
  readonly path: string;
  /** In seconds. */
  lag: number | undefined;
}

/** Is told each duration, in seconds. */
export type HandlingListener = (path: string, seconds: number) => void;

/** What the handlers of a system took, by stream: of those that are timed. */
export class Handlings {
  readonly all: Series<Handling> = new Series(() => ({
    count: 0,
    sum: 0,
    classes: new Float64Array(bounds.length + 1),
    lag: undefined,
  }));
  readonly #processes: WeakMap<Pid, TimedProcess> = new WeakMap();
  readonly #pathOf: (pid: Pid) => string;
  readonly #listeners: Set<HandlingListener> = new Set();

  constructor(pathOf: (pid: Pid) => string) {
    this.#pathOf = pathOf;
  }

  add(pid: Pid, seconds: number, lag: number | undefined): void {
    const process = this.#processes.get(pid) ?? this.#learn(pid);
    const { path } = process;
    const handling = this.all.of(path);
    const place = bounds.findIndex((bound) => seconds <= bound);
    const at = place === -1 ? bounds.length : place;
    handling.classes[at] = (handling.classes[at] ?? 0) + 1;
    handling.count += 1;
    handling.sum += seconds;
    handling.lag = lag ?? handling.lag;
    process.lag = lag ?? process.lag;
    for (const listener of this.#listeners) {
      listener(this.all.nameOf(path), seconds);
    }
  }

  /** A path is a new text each time: a process has one for its life. */
  #learn(pid: Pid): TimedProcess {
    const process = { path: this.#pathOf(pid), lag: undefined };
    this.#processes.set(pid, process);
    return process;
  }

  /** How old the last event of a process was when it was handled, in ms. */
  lagOf(pid: Pid): number | undefined {
    const lag = this.#processes.get(pid)?.lag;
    return lag && lag * 1000;
  }

  /** Returns a function that ends it. */
  listen(listener: HandlingListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
