import { createSystem, type System } from '@reprise/actor';
import { assertKnownKeys } from '@reprise/actor/options';

import { assertThat, assertTime } from '../arguments/assert.ts';
import type { Draws } from '../choices/choices.ts';
import { Disk } from '../disk/disk.ts';
import { Drive } from '../disk/drive.ts';
import { type Engine, textOf } from '../engine/engine.ts';
import { type NodeClock, type Skew, skewKeys } from './clock.ts';
import { Incarnation, type NodeReport } from './incarnation.ts';
import { waitsIn } from './waits.ts';

/** The program of a node: run at its start, and again after each crash. */
export type Main<Value> = (node: SimulatedNode) => Value | Promise<Value>;

/** A machine: its processes, its clocks, and the calls that others make to it. */
export class SimulatedNode<Value = unknown> {
  readonly name: string;
  readonly engine: Engine;
  readonly #main: Main<Value>;
  readonly #faults: Draws;
  readonly #onCrash: Set<() => void> = new Set();
  readonly #drive: Drive;
  #disk: Disk | undefined = undefined;
  #incarnation: Incarnation;
  #system: System | undefined = undefined;
  #value: { readonly value: Value } | undefined = undefined;
  #starts = 0;
  #skew: Skew = {};

  constructor(engine: Engine, name: string, main: Main<Value>) {
    this.engine = engine;
    this.name = name;
    this.#main = main;
    this.#faults = engine.choices.stream(`faults ${name}`);
    this.#drive = new Drive(this);
    this.#incarnation = this.#begin();
    engine.waits.add(() => (this.#system === undefined ? [] : waitsIn(name, this.#system)));
  }

  /** Its life now; one that has ended while the node is down. */
  get incarnation(): Incarnation {
    return this.#incarnation;
  }

  /** Whether it runs, which it also does while it is paused. */
  get isUp(): boolean {
    return this.#incarnation.isAlive;
  }

  /** How often it was started. */
  get starts(): number {
    return this.#starts;
  }

  /** The value of its `main`; `undefined` until that has returned, and while the node is down. */
  get value(): Value | undefined {
    return this.#value?.value;
  }

  /** The system of its life now, made at the first use. A program may create others. */
  get system(): System {
    this.#system ??= this.inside(() => createSystem(this.#incarnation.systemOptions()));
    return this.#system;
  }

  /** `system`, if it was used in its life now. */
  get systemIfAny(): System | undefined {
    return this.#system;
  }

  /** Its files. They outlast a crash. */
  get disk(): Disk {
    this.#disk ??= new Disk(this.#drive, this.#incarnation);
    return this.#disk;
  }

  /** The clocks of its life now. */
  get clock(): NodeClock {
    return this.#incarnation.clock;
  }

  /** The reports of its systems to their logger in its life now, oldest first. */
  get reports(): readonly NodeReport[] {
    return this.#incarnation.reports;
  }

  /** Calls `fn` as code of the node: the systems that it creates are systems of the node. */
  inside<Result>(fn: () => Result): Result {
    const before = this.engine.current;
    this.engine.current = this.#incarnation;
    try {
      return fn();
    } finally {
      this.engine.current = before;
    }
  }

  /**
   * Power off: none of its callbacks runs any more. Others learn of it by silence, or by a request
   * that fails. It stays down until `restart` or `sim.heal`.
   */
  crash(): void {
    if (this.isUp) {
      this.engine.enter(this.#incarnation, { kind: 'fault', what: 'crashes' });
      this.#incarnation.end();
      this.#system = undefined;
      this.#disk = undefined;
      this.#value = undefined;
      for (const crashed of this.#onCrash) {
        crashed();
      }
    }
  }

  /** Calls back at each crash, after everything of the node has ended. Returns its removal. */
  onCrash(crashed: () => void): () => void {
    this.#onCrash.add(crashed);
    return () => {
      this.#onCrash.delete(crashed);
    };
  }

  /** Starts it again if it is down. */
  restart(): void {
    if (!this.isUp) {
      this.#incarnation = this.#begin();
    }
  }

  /**
   * For so many ms of virtual time nothing of it runs, as by SIGSTOP. The messages and packets for
   * it wait.
   * @throws TypeError for a time below 0 or without an end
   */
  pause(ms: number): void {
    assertTime('the time to pause', ms);
    this.engine.enter(this.#incarnation, { kind: 'fault', what: `stands still for ${ms} ms` });
    const life = this.#incarnation;
    // A second pause does not end the first: later happenings would overtake those that wait.
    life.pausedUntil = Math.max(life.pausedUntil, this.engine.now + ms * 1000);
  }

  /** Ends a pause. */
  resume(): void {
    const life = this.#incarnation;
    if (life.pausedUntil > this.engine.now) {
      life.pausedUntil = 0;
      this.engine.resume(life);
      this.engine.enter(life, { kind: 'fault', what: 'goes on' });
    }
  }

  /**
   * Sets its clocks off; they stay so after a crash.
   * @throws TypeError for a wrong option, and for a drift outside of -1 to 1
   */
  skew(skew: Skew): void {
    assertSkew(skew);
    this.#skew = { ...this.#skew, ...skew };
    this.#incarnation.clock.skew(skew);
    const { ahead = 0, drift = 0 } = this.#skew;
    const what = `has clocks ${ahead} ms ahead, too fast by ${drift}`;
    this.engine.enter(this.#incarnation, { kind: 'fault', what });
  }

  /**
   * A place where the node may crash: the start and the end of each effect that others can see.
   * False if the code that asks is of a life that has ended.
   */
  crashPoint(incarnation: Incarnation): boolean {
    if (incarnation.isAlive && this.#faults.chance(this.engine.rates.crash)) {
      this.crashForAWhile();
    }
    return incarnation.isAlive;
  }

  /** Crashes it, and plans its start. */
  crashForAWhile(): void {
    const life = this.#incarnation;
    this.crash();
    this.engine.schedule({
      at: this.engine.now + this.#faults.between(1, 10_000) * 1000,
      owner: powerSupply,
      kind: 'fault',
      what: `${this.name} starts again`,
      run: () => {
        if (this.#incarnation === life) {
          this.restart();
        }
      },
    });
  }

  #begin(): Incarnation {
    const incarnation = new Incarnation(this.engine, this.name);
    incarnation.clock.skew(this.#skew);
    this.#starts += 1;
    this.engine.schedule({
      at: this.engine.now,
      owner: incarnation,
      kind: 'note',
      what: 'starts',
      run: () => void this.#run(incarnation),
    });
    return incarnation;
  }

  /** An error of `main` would end the program of the node. */
  async #run(incarnation: Incarnation): Promise<void> {
    try {
      const value = await this.#main(this as SimulatedNode);
      if (incarnation.isAlive) {
        this.#value = { value };
      }
    } catch (error) {
      if (incarnation.isAlive) {
        this.engine.fail('unhandled', `the main of ${this.name} failed: ${textOf(error)}`, error);
      }
    }
  }
}

function assertSkew(skew: Skew): void {
  assertKnownKeys('skew', skew, skewKeys);
  const { ahead = 0, drift = 0 } = skew;
  assertThat(Number.isFinite(ahead), 'Expected `ahead` to be a number of milliseconds', ahead);
  const isDrift = Number.isFinite(drift) && Math.abs(drift) < 1;
  assertThat(isDrift, 'Expected `drift` to be above -1 and below 1, as 0.01 for 1 %', drift);
}

/** Not part of any node: it does not crash. */
const powerSupply = { name: 'power', isAlive: true, pausedUntil: 0 };
