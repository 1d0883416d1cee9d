import { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import { Database } from './database.ts';
import { Judge } from './judge.ts';
import { type Cut, Links } from './links.ts';
import { Machine } from './machine.ts';
import type { Fault, Mix } from './mix.ts';

/** The server's wall clock at the start, in ms. */
const epochZero = 1_000_000;
/** With so many strikes a stream is parked. */
const mostStrikes = 5;
/** In ms: streams with fewer strikes have been tried by then, one after the other. */
const trials = 30_000;

/** Machines with one node each, over one store: a run from its start to its end. */
export class World {
  readonly machines: readonly Machine[];
  readonly judge: Judge = new Judge();
  readonly links: Links;
  readonly #sim: Chance;
  readonly #mix: Mix;
  readonly #agenda: Agenda = new Agenda();
  #serverOffset = 0;

  constructor(sim: Chance, mix: Mix) {
    const agenda = this.#agenda;
    const { judge } = this;
    const date = (): number => epochZero + agenda.now + this.#serverOffset;
    const database = new Database(judge, date);
    this.#sim = sim;
    this.#mix = mix;
    this.links = new Links({ sim, mix, agenda, database });
    const shared = { sim, mix, agenda, judge, links: this.links };
    this.machines = mix.nodes.map((name, at) => new Machine(name, mix.rates[at] ?? 1, shared));
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
      machine.thaw();
      machine.start();
    }
    this.run(6 * ttl);
    this.run(this.links.database.tables.survey(0).streams.suspects === 0 ? 0 : trials);
    const before = this.#shares();
    this.#expectEven(before);
    this.run(ttl);
    const isStill = JSON.stringify(before) === JSON.stringify(this.#shares());
    this.judge.expect(isStill, 'L3: streams move while nothing changes');
    this.judge.check();
  }

  #expectEven(shares: readonly (readonly string[])[]): void {
    const { rows } = this.links.database.tables.survey(Infinity);
    const parked = rows.filter((row) => row.parked !== undefined);
    const isEarned = parked.every(({ strikes }) => strikes >= mostStrikes);
    this.judge.expect(isEarned, 'a stream is parked with which few nodes have died');
    const count = this.#mix.keys.length - parked.length;
    const running = shares.flat().map((stream) => stream.split(' ')[0]);
    const isWhole = running.length === count && new Set(running).size === count;
    this.judge.expect(isWhole, 'L1: a stream runs nowhere, or twice, 6 T after the last fault');
    const sizes = shares.map(({ length }) => length);
    const isEven = Math.max(...sizes) - Math.min(...sizes) <= 1;
    this.judge.expect(isEven, 'L2: the shares differ by more than one 6 T after the last fault');
  }

  /** The streams of each machine, with their epochs. */
  #shares(): readonly (readonly string[])[] {
    const { tables } = this.links.database;
    return this.machines.map(({ running }) =>
      running.map((key) => `${key} ${tables.owner(key)?.epoch}`),
    );
  }

  // Faults

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
      machine.step({ type: 'drain' });
      this.#startLater(machine);
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

  /** It is killed in the middle of its drain, perhaps. */
  #startLater(machine: Machine): void {
    this.#agenda.after((this.#mix.times.ttl * this.#sim.below(16)) / 16, () => {
      machine.kill();
      machine.start();
    });
  }
}
