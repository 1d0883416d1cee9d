import type { Request } from '@reprise/cluster/core';

import { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import { Database } from './database.ts';
import { Judge } from './judge.ts';
import { type Cut, Links } from './links.ts';
import { changed, type Listing } from './listing.ts';
import { Machine } from './machine.ts';
import type { Fault, Mix } from './mix.ts';
import { Parents } from './parents.ts';
import { Result } from './result.ts';

/** The server's wall clock at the start, in ms. */
const epochZero = 1_000_000;
/** In ms: all streams with strikes have been tried by then, one after the other. */
const trials = 60_000;

/** Machines with one node each, over one store: a run from its start to its end. */
export class World {
  readonly machines: readonly Machine[];
  readonly judge: Judge = new Judge();
  readonly links: Links;
  readonly #sim: Chance;
  readonly #mix: Mix;
  readonly #agenda: Agenda = new Agenda();
  readonly #parents: Parents;
  #listing: Listing;
  #serverOffset = 0;

  constructor(sim: Chance, mix: Mix) {
    const agenda = this.#agenda;
    const { judge } = this;
    const date = (): number => epochZero + agenda.now + this.#serverOffset;
    const database = new Database(judge, date);
    this.#sim = sim;
    this.#mix = mix;
    this.links = new Links({ sim, mix, agenda, database });
    this.#parents = new Parents({ mix, agenda, judge, links: this.links });
    const shared = { sim, mix, agenda, judge, links: this.links, parents: this.#parents };
    this.machines = mix.nodes.map((name, at) => {
      const host = mix.hasParents ? `host ${at >> 1}` : name;
      return new Machine({ name, host, rate: mix.rates[at] ?? 1 }, shared);
    });
    this.#listing = this.#release(0);
    for (const [at, machine] of this.machines.entries()) {
      machine.list(this.#release(mix.hasTwoReleases ? at % 2 : 0));
    }
  }

  /** Everything that happens, from the first start to the last check. */
  play(): void {
    const { faults, isCalm, times } = this.#mix;
    this.start();
    this.run(1.25 * times.ttl);
    for (const fault of faults) {
      this.#strike(fault);
      this.run((times.ttl * this.#sim.below(16)) / 8);
    }
    this.run(1.25 * times.ttl);
    if (isCalm) {
      this.calm();
    }
  }

  /** All machines start, about at the same time. */
  start(): void {
    for (const machine of this.machines) {
      this.#agenda.after((this.#mix.times.ttl * this.#sim.below(8)) / 16, () => {
        machine.start();
      });
    }
  }

  /** Goes on for so many ms of true time. */
  run(ms: number): void {
    this.#agenda.run(ms, () => {
      this.judge.check();
    });
  }

  /**
   * The faults end: everything comes right within 6 T, or a while later if nodes have died with a
   * stream again and again; and then nothing moves for T.
   */
  calm(): void {
    const { ttl } = this.#mix.times;
    this.links.calm();
    for (const machine of this.machines) {
      machine.calm();
    }
    this.run(6 * ttl);
    this.#runTrials();
    const before = this.#result;
    before.expectRight(this.judge);
    this.run(ttl);
    const isStill = before.text === this.#result.text;
    this.judge.expect(isStill, 'L3: streams move while nothing changes');
    this.judge.check();
  }

  /** Streams with strikes are tried one after the other; the shares are made even after that. */
  #runTrials(): void {
    const { poison, times } = this.#mix;
    const { suspects } = this.links.database.tables.survey(0).streams;
    if (suspects + poison.length > 0) {
      const end = this.#agenda.now + trials;
      while (this.#agenda.now < end && !this.#result.isSettled) {
        this.run(times.ttl);
      }
      this.run(3 * times.ttl);
    }
  }

  get #result(): Result {
    return new Result({ machines: this.machines, database: this.links.database, mix: this.#mix });
  }

  // Faults

  #release(version: number): Listing {
    return new Map(this.#mix.keys.map((key) => [key, version]));
  }

  #strike(fault: Fault): void {
    const machine = this.#sim.pick(this.machines);
    this.#sim.note(`${fault}, ${machine.name}`);
    this.#faults[fault](machine);
  }

  readonly #faults: Readonly<Record<Fault, (machine: Machine) => void>> = {
    cut: ({ name }) => {
      this.links.cut(name, this.#while(), this.#cut());
    },
    'late answer': (machine) => {
      machine.onRequest('renew', () => {
        this.links.cut(machine.name, 2 * this.#mix.times.ttl, 'last answers');
      });
    },
    reset: (machine) => {
      machine.reset();
    },
    freeze: (machine) => {
      machine.freeze();
      this.#agenda.after(this.#while(), () => {
        machine.thaw();
      });
    },
    kill: (machine) => {
      machine.kill();
      this.#startLater(machine);
    },
    drain: (machine) => {
      this.#soon(machine, 'release', () => {
        machine.step({ type: 'drain' });
        this.#startLater(machine);
      });
    },
    'parent dies': ({ host }) => {
      this.#parents.die(host, this.#mix.times.ttl);
      for (const machine of this.machines.filter((each) => each.host === host)) {
        machine.step({ type: 'drain' });
        this.#startLater(machine);
      }
    },
    list: () => {
      this.#listing = changed(this.#listing, this.#mix.keys, this.#sim);
      this.#rollOut(this.#listing);
    },
    'store away': () => {
      const ms = this.#while();
      for (const { name } of this.machines) {
        this.links.cut(name, ms, 'both');
      }
    },
    'rows lost': () => {
      const putBack = this.links.database.keep();
      this.#agenda.after(60 + 60 * this.#sim.below(10), putBack);
    },
    'server clock': () => {
      this.#serverOffset += this.#step(2 * this.#mix.times.ttl);
    },
    'wall clock': (machine) => {
      machine.setWallClock(this.#step(10_000));
    },
    handler: (machine) => {
      machine.throwInHandler();
    },
  };

  /** Around T most of all, where a lease ends. */
  #while(): number {
    return (this.#mix.times.ttl * (1 + this.#sim.below(40))) / 16;
  }

  #cut(): Cut {
    return this.#sim.pick(['both', 'requests', 'answers', 'fading']);
  }

  #step(most: number): number {
    return (most * (this.#sim.below(9) - 4)) / 4;
  }

  /** One node after the other has the new list; some keep the old one. */
  #rollOut(listing: Listing): void {
    for (const machine of this.machines.filter(() => this.#sim.below(8) < 7)) {
      this.#soon(machine, 'claim', () => {
        machine.list(listing);
      });
    }
  }

  /** Within T; or, at times, while the next request of this type is on its way. */
  #soon(machine: Machine, type: Request['type'], run: () => void): void {
    if (this.#sim.below(4) === 3) {
      machine.onRequest(type, () => {
        this.#agenda.after(0, run);
      });
    } else {
      this.#agenda.after((this.#mix.times.ttl * this.#sim.below(16)) / 16, run);
    }
  }

  /** It is killed in the middle of its drain, perhaps. */
  #startLater(machine: Machine): void {
    this.#agenda.after((this.#mix.times.ttl * this.#sim.below(16)) / 16, () => {
      machine.kill();
      machine.start();
    });
  }
}
