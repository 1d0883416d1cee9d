import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import { type Random, randomOf } from '@reprise/sse/testing';

import type { Database } from '../../../../bench/torture/database.ts';
import { type Fault, Fleet, type Sample } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import type { NodeProcess } from '../../../../bench/torture/node-process.ts';
import { expectBelow, expectCleanAndSingle, newEpochs } from './rows.ts';

export const streams = 60;

export interface TestNodesOptions {
  /** Default: three. */
  readonly names?: readonly string[];
  /** T, in ms. Default: 3,000. */
  readonly ttl?: number;
}

/**
 * Nodes with 60 streams, for all tests of a file. Each test begins at a random moment with even
 * shares; after each the sink is clean, and no stream had two owners.
 */
export class TestNodes<Place extends Database> {
  readonly names: readonly string[];
  readonly ttl: number;
  readonly random: Random = randomOf(`${jest.getSeed()}`);
  /** How long all streams took to be connected after the nodes were started. */
  settled: Sample | undefined;
  #fleet: Fleet | undefined;
  #database: Place | undefined;

  constructor(
    open: () => Promise<Place>,
    { names = ['a', 'b', 'c'], ttl = 3000 }: TestNodesOptions = {},
  ) {
    this.names = names;
    this.ttl = ttl;
    beforeAll(async () => {
      this.#database = await open();
      const { database } = this;
      this.#fleet = await Fleet.start({ database, ttl, streams, rate: 2 });
      const prepared = await Promise.all(names.map((name) => this.fleet.prepare(name)));
      const from = machineTime();
      for (const node of prepared) {
        this.fleet.startPrepared(node);
      }
      await this.fleet.settle();
      this.settled = this.since(from, this.fleet.lastConnectionAt());
    });
    beforeEach(async () => {
      await this.#addMissing();
      await this.fleet.settle();
      // At any moment between two renewals.
      await delay((this.random() * this.ttl) / 4);
    });
    afterEach(() => expectCleanAndSingle(this.fleet));
    afterAll(() => this.fleet.close());
  }

  get fleet(): Fleet {
    return defined(this.#fleet);
  }

  get database(): Place {
    return defined(this.#database);
  }

  /** How many streams a node has. */
  get share(): number {
    return streams / this.names.length;
  }

  /** A test that failed may have left fewer nodes behind. */
  async #addMissing(): Promise<void> {
    for (const { name, hasEnded } of this.fleet.nodes.values()) {
      if (hasEnded) {
        await this.fleet.add(name);
      }
    }
  }

  /** One of the nodes, as the seed decides. */
  victim(): NodeProcess {
    const { names } = this;
    return this.fleet.node(names[Math.floor(this.random() * names.length)] ?? '');
  }

  /** The others than a node. */
  besides({ name }: NodeProcess): readonly string[] {
    return this.names.filter((other) => other !== name);
  }

  /**
   * Stops a node by SIGSTOP, outside of a transaction that would hold up all other nodes of a file.
   * Resolves with the fault.
   */
  async stop(node: NodeProcess): Promise<Fault> {
    for (;;) {
      const fault = faultOf(node);
      node.signal('SIGSTOP');
      if (!(await this.database.isLocked())) {
        return fault;
      }
      node.signal('SIGCONT');
      await delay(10);
    }
  }

  /** In the time of the fault, and T afterwards, nothing moves, and no epoch changes. */
  async expectStill(fault: () => Promise<void>): Promise<void> {
    const epochs = await this.database.epochs();
    const { length } = this.fleet.source.connections;
    await fault();
    await delay(this.ttl);
    expect(this.fleet.source.connections.slice(length)).toEqual([]);
    expect(await newEpochs(this.database, epochs)).toEqual([]);
  }

  /**
   * A node that is cut off stops its streams in time for its lease, and not much sooner; none of
   * them begins elsewhere before that. `mend`: called once they have.
   */
  async expectHandOver(fault: Fault, mend: () => void): Promise<void> {
    const { fleet, ttl } = this;
    const samples = await fleet.elsewhere(fault);
    mend();
    expect(samples).toHaveLength(this.share);
    expectBelow(samples, ttl + 1000);
    const stops = fleet.stopsOf(fault);
    expectBelow(stops, ttl);
    expect(stops.filter(({ ms }) => ms < ttl / 2)).toEqual([]);
    expect(fleet.gapsSince(fault.at).filter(({ ms }) => ms <= 0)).toEqual([]);
  }

  /** The time from one moment to another. */
  since(from: number, to: number): Sample {
    return { ms: to - from, stalled: this.fleet.stalledIn({ from, to }) };
  }
}

/** A fault of a node that begins now. */
export function faultOf({ life }: NodeProcess): Fault {
  return { node: life, at: machineTime() };
}

function defined<Value>(value: Value | undefined): Value {
  if (value === undefined) {
    throw new Error('Expected a fleet that has started, got none');
  }
  return value;
}
