import { nextTick } from 'node:process';

import { isAlive, type Pid } from '@reprise/actor';

import { Choices, type Draws, type Source } from '../choices/choices.ts';
import { Trace } from '../trace/trace.ts';
import { Agenda } from './agenda.ts';
import type { Happening, Owner, Scheduled } from './happening.ts';
import { afterMicrotask } from './microtask.ts';
import { StepLimit } from './step-limit.ts';
import { drawSwarm, type Faults, noFaults, type Swarm } from './swarm.ts';
import type { Violation, ViolationKind } from './violation.ts';

export interface EngineOptions {
  readonly source: Source;
  readonly faults: Faults;
  /** Whether the order of turns is that of production in any case. */
  readonly isOrdered: boolean;
  readonly maxSteps: number;
  /** How many steps of the trace are kept. */
  readonly keep: number;
}

/** Turns of an owner that wait for a step of their own. */
export interface Runnable {
  readonly owner: Owner;
  /** Runs in a step of its owner. */
  readonly run: () => void;
}

/**
 * Runs one program on virtual time, one thing after another, with every choice drawn. A step is a
 * happening that is due, or turns of processes; all its microtasks run before the next step. Time
 * goes on when nothing is left to do.
 */
export class Engine {
  /** The virtual time, in whole microseconds. */
  now = 0;
  /** The owner of the step that runs, with all its microtasks. */
  current: Owner | undefined = undefined;
  /**
   * The process whose code runs: that of the last turn in this step, or of the call whose answer
   * the step is. `undefined` if it is not known.
   */
  process: Pid | undefined = undefined;
  /** Called before each step: faults that come at any time begin here. */
  inject: (() => void) | undefined = undefined;
  /** Each returns a line for each of its waits, for the report of a run that is stuck. */
  readonly waits: Set<() => readonly string[]> = new Set();
  /**
   * Whether an operation outside of the run, which is allowed, may call back before time goes on.
   * `isLast`: nothing else can happen any more.
   */
  isOutsideBusy: ((isLast: boolean) => boolean) | undefined = undefined;
  /** Called after each step, with its microtasks. */
  readonly checks: Set<() => void> = new Set();
  readonly choices: Choices;
  readonly trace: Trace;
  readonly swarm: Swarm;
  /** As `swarm.rates`; all 0 once the faults have ended. */
  rates: Swarm['rates'];
  violation: Violation | undefined = undefined;
  readonly #agenda = new Agenda();
  readonly #limit: StepLimit;
  readonly #order: Draws;
  readonly #time: Draws;
  #runnable: Runnable[] = [];
  /** Whether a tick of Node was asked for since the last look. */
  #hasTicked = false;
  #finish: (() => void) | undefined = undefined;
  #isOver = false;
  #waitsOutside = false;

  constructor({ source, faults, isOrdered, maxSteps, keep }: EngineOptions) {
    this.choices = new Choices(source);
    this.trace = new Trace(keep);
    this.swarm = drawSwarm(this.choices.stream('swarm'), faults, isOrdered);
    this.rates = this.swarm.rates;
    this.#limit = new StepLimit(maxSteps);
    this.#order = this.choices.stream('order');
    this.#time = this.choices.stream('time');
  }

  /** Runs until `finish` or a violation. */
  run(): Promise<void> {
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#drain();
    });
  }

  /** Ends the run after this step. */
  finish(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The first violation is kept. */
  fail(kind: ViolationKind, message: string, error?: unknown): void {
    this.violation ??= { kind, message, error, step: this.trace.length, t: this.now };
    this.#isOver = true;
  }

  /** A tick of Node was asked for: it belongs to the step, with all its consequences. */
  ticked(): void {
    this.#hasTicked = true;
  }

  schedule(happening: Happening): Scheduled {
    return this.#agenda.schedule(happening);
  }

  cancel(scheduled: Scheduled): void {
    scheduled.isCancelled = true;
  }

  /** A pause of `owner` has ended early. */
  resume(owner: Owner): void {
    this.#agenda.resume(owner);
  }

  /** Runs `runnable` in a step of its own. */
  wake(runnable: Runnable): void {
    this.#runnable.push(runnable);
  }

  /** All happenings that are still to come, for a report. */
  get pending(): readonly Happening[] {
    return this.#agenda.pending;
  }

  /** Faults end: no new one begins. */
  endFaults(): void {
    this.rates = noFaults;
  }

  /** One more step in the trace. False when the run is over, and the step must not be taken. */
  enter(
    owner: Owner,
    step: Pick<Happening, 'kind' | 'what'> & {
      readonly of?: number;
      readonly detail?: () => string;
    },
  ): boolean {
    if (this.#isOver) {
      return false;
    }
    const { kind, what, of, detail } = step;
    this.trace.add(
      of === undefined
        ? { t: this.now, node: owner.name, kind, what, detail }
        : { t: this.now, node: owner.name, kind, what, of, detail },
    );
    const excess = this.#limit.count(this.trace.length, this.now);
    if (excess !== undefined) {
      this.fail(excess.kind, excess.message);
    }
    return !this.#isOver;
  }

  readonly #step = (): void => {
    this.current = undefined;
    this.process = undefined;
    this.#check();
    if (!this.#isOver) {
      this.#next();
    }
    if (this.#isOver) {
      this.#finish?.();
    } else {
      this.#drain();
    }
  };

  /** Takes the next step once nothing is left of this one: no microtask, and no tick of Node. */
  #drain(): void {
    if (this.#waitsOutside) {
      this.#outside(setImmediate, this.#step);
    } else {
      afterMicrotask(this.#afterMicrotasks);
    }
  }

  /** The next tick of Node comes when no microtask is left, also none that another one queued. */
  readonly #afterMicrotasks = (): void => {
    this.#outside(nextTick, this.#afterTicks);
  };

  /**
   * After the ticks that were asked for before; their microtasks are still to come. Not by
   * `setImmediate`: timers of the host, of Jest for example, would run in between.
   */
  readonly #afterTicks = (): void => {
    if (this.#hasTicked) {
      this.#hasTicked = false;
      this.#drain();
    } else {
      this.#step();
    }
  };

  /** Without an owner: a callback that the engine asks the host for is no escape of the step. */
  #outside(ask: (callback: () => void) => unknown, callback: () => void): void {
    const { current } = this;
    this.current = undefined;
    ask(callback);
    this.current = current;
  }

  #check(): void {
    try {
      for (const check of this.checks) {
        check();
      }
    } catch (error) {
      this.fail('violation', textOf(error), error);
    }
  }

  /** Takes one step, or lets time pass up to the next one. */
  #next(): void {
    this.inject?.();
    const runnable = this.#ready();
    const due = this.#agenda.candidates(this.now);
    const count = runnable.length + due.length;
    if (count === 0) {
      this.#pass();
      return;
    }
    if (this.#time.chance(this.rates.stall)) {
      this.now += this.#time.below(200_000);
      return;
    }
    const chosen = this.#order.below(count);
    const turns = runnable[chosen];
    if (turns !== undefined) {
      this.#runnable.splice(this.#runnable.indexOf(turns), 1);
      this.#run(turns.owner, turns.run);
    } else {
      this.#happen(due[chosen - runnable.length] as Scheduled);
    }
  }

  #ready(): readonly Runnable[] {
    if (this.#runnable.length === 0) {
      return this.#runnable;
    }
    this.#runnable = this.#runnable.filter(({ owner }) => owner.isAlive);
    return this.#runnable.filter(({ owner }) => owner.pausedUntil <= this.now);
  }

  #happen(scheduled: Scheduled): void {
    this.#agenda.take(scheduled);
    const { owner, process, run } = scheduled.happening;
    if (this.enter(owner, stepOf(scheduled.happening))) {
      this.process = process;
      this.#run(owner, run);
    }
  }

  #run(owner: Owner, run: () => void): void {
    this.current = owner;
    try {
      run();
    } catch (error) {
      this.fail('unhandled', `${owner.name}: ${textOf(error)}`, error);
    }
  }

  #pass(): void {
    const paused = this.#runnable.map(({ owner }) => owner.pausedUntil);
    const next = Math.min(this.#agenda.nextAt, ...paused);
    this.#waitsOutside = this.isOutsideBusy?.(next === Infinity) ?? false;
    if (this.#waitsOutside) {
      return;
    }
    if (next === Infinity) {
      const waits = [...this.waits].flatMap((lines) => lines());
      const quiet = 'Expected the program to end, got nothing that can still happen';
      this.fail('stuck', [quiet, ...waits].join('\n'));
      return;
    }
    // Timers of a host are late: one wait in four is up to 2 ms too long.
    const late = this.#time.below(4) === 3 ? this.#time.below(2000) : 0;
    this.now = Math.max(this.now, next) + late;
  }
}

/**
 * With the process that it belongs to: a call of one that was killed in an await goes on, and
 * counts.
 */
function stepOf(happening: Happening): Parameters<Engine['enter']>[1] {
  const { kind, what, process } = happening;
  const detail = (): string =>
    process === undefined || isAlive(process) ? '' : 'a process that has ended';
  return process === undefined ? happening : { kind, what, of: process.id, detail };
}

export function textOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
