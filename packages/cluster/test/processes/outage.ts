import { expect } from '@jest/globals';

import type { Fleet } from '../../../../bench/torture/fleet.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { expectBelow, namesByStream } from './rows.ts';

/** How long all streams may take to stop, beyond any limit, in ms. */
const longest = 30_000;
/** All streams run so soon after the end of an outage, in ms. */
const backIn = 3000;

/** A time in which no node of a fleet can use the database. It begins when this is made. */
export class Outage {
  readonly at: number = machineTime();
  readonly #fleet: Fleet;
  readonly #before: ReadonlyMap<string, string>;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#before = namesByStream(fleet);
  }

  /** All streams stop before T, and no node ends. */
  async expectAllStop(): Promise<void> {
    const fleet = this.#fleet;
    const { at } = this;
    const open = fleet.source.openAt(at);
    await fleet.source.until(() => open.every(({ to }) => to < Infinity), longest);
    expect(open).toHaveLength(this.#before.size);
    expectBelow(
      open.map(({ to }) => ({ ms: to - at, stalled: fleet.stalledIn({ from: at, to }) })),
      fleet.ttl,
    );
    expect([...fleet.nodes.values()].filter(({ hasEnded }) => hasEnded)).toEqual([]);
  }

  /** The outage ends now: all streams run soon, at most one in ten elsewhere than before. */
  async expectBack(): Promise<void> {
    const fleet = this.#fleet;
    const from = machineTime();
    await fleet.settle();
    const to = fleet.lastConnectionAt();
    const stalled = fleet.stalledIn({ from, to });
    expectBelow([{ ms: to - from, stalled }], backIn);
    const now = namesByStream(fleet);
    const moved = [...this.#before].filter(([stream, name]) => now.get(stream) !== name);
    // A node that the machine kept waiting comes back later than the others wait for it.
    const most = stalled < fleet.ttl / 4 ? this.#before.size / 10 : Infinity;
    expect(moved.length).toBeLessThanOrEqual(most);
  }
}
