import { type Process, sleep } from '@reprise/actor';
import type { Origin, SimulatedNode, Simulation } from '@reprise/simulation';
import type { CursorStore } from '@reprise/sse';

import type { Play } from '../play.ts';
import { Verdict } from '../verdict.ts';
import { ends, homes, type Plan, Reading, styles, wordsOf } from './reading.ts';

/** One run: loops over the events of one origin, which are broken off, aborted and killed. */
export class Scene implements Play {
  readonly #sim: Simulation;
  readonly #driver: Process;
  readonly #origin: Origin;
  readonly #store: CursorStore;
  readonly #verdict = new Verdict();
  readonly #readings: Reading[] = [];

  constructor(sim: Simulation, driver: Process) {
    this.#sim = sim;
    this.#driver = driver;
    this.#origin = sim.origin('prices');
    const [node] = sim.nodes as readonly [SimulatedNode];
    this.#store = sim.store<Record<string, string>>().on(node);
  }

  check(): void {
    this.#verdict.check();
  }

  async drive(): Promise<void> {
    for (let round = 0; round < 16; round += 1) {
      this.#act();
      const ms = this.#sim.pick([0, 1, 2, 5, 20, 1000]);
      if (ms > 0) {
        await sleep(this.#driver, ms);
      }
    }
    this.#sim.heal();
    for (const reading of this.#readings) {
      reading.end();
    }
    // Longer than any wait of a client.
    await sleep(this.#driver, 600_000);
  }

  /** Every promise of a loop has settled, and no connection is left. */
  settled(): void {
    for (const { left } of this.#readings) {
      this.#verdict.expect(left === undefined, () => `${String(left)} never settled`);
    }
    const { length } = this.#origin.streams;
    this.#verdict.expect(length === 0, () => `${length} connections are left`);
    this.#verdict.check();
  }

  #act(): void {
    const sim = this.#sim;
    switch (sim.pick(['produce', 'read', 'end'])) {
      case 'read':
        this.#read();
        return;
      case 'end':
        if (this.#readings.length > 0) {
          sim.note('ends a loop');
          sim.pick(this.#readings).end();
        }
        return;
      default:
        this.#origin.produce(1 + sim.below(3));
    }
  }

  #read(): void {
    const sim = this.#sim;
    const plan: Plan = {
      home: sim.pick(homes),
      style: sim.pick(styles),
      end: sim.pick(ends),
      cursor: sim.pick([undefined, { store: this.#store, key: `loop ${this.#readings.length}` }]),
      most: 1 + sim.below(8),
    };
    sim.note(`reads: ${wordsOf(plan)}`);
    const reading = new Reading(this.#driver, plan, this.#verdict);
    this.#readings.push(reading);
    reading.start(this.#origin.url);
  }
}
