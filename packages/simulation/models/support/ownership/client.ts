import type { Claim } from '@reprise/cluster';
import type { NodeCore, NodeEvent, Now } from '@reprise/cluster/core';

import type { Connection } from './links.ts';
import type { Shared } from './shared.ts';

/** How a request goes to the store, and how long its answer may take, in ms. */
export interface Way {
  readonly connection: Connection;
  readonly limit: number;
}

/** The machine on which a client runs. */
export interface Host {
  readonly process: string;
  clock(): Now;
  after(ms: number, run: () => void): void;
  ask<Answer>(way: Way, execute: () => Answer, done: (answer: Answer | undefined) => void): void;
  step(event: NodeEvent): void;
  has(client: Client): boolean;
  ended(client: Client, event: NodeEvent): void;
  /** Its handler ends the process. */
  die(key: string): void;
}

interface Place {
  readonly machine: Host;
  readonly core: NodeCore;
  readonly shared: Shared;
}

/**
 * The client of one claim: it has event after event. Streams take turns in how their handlers work:
 * in a transaction, or on something outside of the store, which looks at nothing but its owner.
 */
export class Client {
  readonly key: string;
  readonly epoch: number;
  /** A write was refused, or its answer was lost. */
  isRefused = false;
  /** When it handled its first event, on its machine's clock; `Infinity` while that is at work. */
  firstHandledAt: number | undefined = undefined;
  /** Of its data; `undefined` if it has left the list since it was claimed. */
  readonly version: number | undefined;
  readonly #place: Place;
  readonly #id: string;
  readonly #isOutside: boolean;
  #cursor: string;
  #isHandling = false;
  #isStopping = false;

  constructor({ key, epoch, cursor }: Claim, version: number | undefined, place: Place) {
    this.key = key;
    this.epoch = epoch;
    this.version = version;
    this.#cursor = cursor;
    this.#place = place;
    this.#id = place.core.id;
    this.#isOutside = place.shared.mix.keys.indexOf(key) % 2 === 0;
  }

  start(): void {
    const { machine } = this.#place;
    if (this.version === undefined) {
      machine.after(0, () => {
        this.#end('removed');
      });
      return;
    }
    machine.after(this.#pause, () => {
      if (machine.has(this) && !this.#isStopping) {
        this.#handle();
      }
    });
  }

  /** Until the next event. */
  get #pause(): number {
    const { mix, sim } = this.#place.shared;
    return mix.poison.includes(this.key) ? mix.fuse : (mix.pace * (1 + sim.below(4))) / 4;
  }

  /** In order: a handler that has begun ends first. */
  stop(): void {
    this.#isStopping = true;
    if (!this.#isHandling) {
      this.#place.machine.after(0, () => {
        this.#end('drained');
      });
    }
  }

  /** The handler throws; a transaction that is on its way may be committed all the same. */
  crash(): void {
    this.#end('crashed');
  }

  /** The lease is looked at before each handler. */
  #handle(): void {
    const { machine, core, shared } = this.#place;
    if (!core.lease.isGood(machine.clock())) {
      machine.step({ type: 'tick' });
      return;
    }
    shared.judge.begins(this, machine.process);
    this.firstHandledAt ??= Infinity;
    if (shared.mix.poison.includes(this.key)) {
      machine.die(this.key);
    } else if (this.#isOutside) {
      this.#handled();
      this.start();
    } else {
      this.#transact();
    }
  }

  #transact(): void {
    const { machine, shared } = this.#place;
    const { key, epoch } = this;
    const was = this.#cursor;
    const cursor = String(Number(was) + 1);
    const { database } = shared.links;
    this.#isHandling = true;
    machine.ask(
      { connection: 'sink', limit: shared.mix.times.ttl / 8 },
      () => database.transact(this.#id, { key, epoch, was, cursor }),
      (isCommitted) => {
        this.#isHandling = false;
        if (machine.has(this)) {
          this.#went(isCommitted, cursor);
        }
      },
    );
  }

  /** Without an answer only a new read of the cursor may be believed. */
  #went(isCommitted: boolean | undefined, cursor: string): void {
    const { machine } = this.#place;
    if (isCommitted !== true) {
      this.isRefused = true;
      machine.step({ type: 'refused', stream: { key: this.key, epoch: this.epoch } });
    } else {
      this.#cursor = cursor;
      this.#handled();
      if (this.#isStopping) {
        this.#end('drained');
      } else {
        this.start();
      }
    }
  }

  #end(outcome: 'drained' | 'crashed' | 'removed'): void {
    const { machine } = this.#place;
    if (machine.has(this)) {
      const { key, epoch, firstHandledAt } = this;
      machine.ended(this, { type: 'stopped', stream: { key, epoch }, outcome, firstHandledAt });
    }
  }

  #handled(): void {
    if (this.firstHandledAt === Infinity) {
      this.firstHandledAt = this.#place.machine.clock().now;
    }
  }
}
