import type { Agenda } from './agenda.ts';
import type { Chance } from './chance.ts';
import type { Database } from './database.ts';
import type { Mishap, Mix } from './mix.ts';

/**
 * Which way is cut between a machine and the store. `fading`: answers are as late as they may be,
 * and then both ways are cut. `lease`: the connection of the lease hangs, those of the sinks go on.
 * `last answers`: what was asked on it is answered at the last moment, and nothing after that.
 */
export type Cut = 'both' | 'requests' | 'answers' | 'fading' | 'lease' | 'last answers';

/** A machine has a connection for its lease, and others for the transactions of its sinks. */
export type Connection = 'lease' | 'sink';

/** What is sent on a connection of a machine, and what takes the answer. */
export interface Sending<Answer> {
  readonly from: string;
  readonly connection: Connection;
  readonly execute: () => Answer;
  readonly deliver: (delay: number, answer: Answer) => void;
}

export interface LinksOptions {
  readonly sim: Chance;
  readonly mix: Mix;
  readonly agenda: Agenda;
  readonly database: Database;
}

/** The ways between machines and the store: delays, mishaps and cuts. */
export class Links {
  readonly database: Database;
  readonly #sim: Chance;
  readonly #mix: Mix;
  readonly #agenda: Agenda;
  readonly #cuts: Map<string, { readonly until: number; readonly cut: Cut }> = new Map();
  #isCalm = false;

  constructor({ sim, mix, agenda, database }: LinksOptions) {
    this.#sim = sim;
    this.#mix = mix;
    this.#agenda = agenda;
    this.database = database;
  }

  cut(name: string, ms: number, cut: Cut): void {
    this.#cuts.set(name, { until: this.#agenda.now + ms, cut });
  }

  /** No mishaps and no cuts from now on. */
  calm(): void {
    this.#isCalm = true;
    this.#cuts.clear();
  }

  send<Answer>({ from: name, connection, execute, deliver }: Sending<Answer>): void {
    const mishap = this.#mishap();
    if (mishap === 'lost' || this.#isCut(name, 'requests', connection)) {
      return;
    }
    const deadline = this.#mix.times.ttl / 8;
    // Given up by its node, a request may still be executed.
    const late = mishap === 'executed late' ? deadline * (1 + this.#sim.below(24) / 8) : 0;
    this.#agenda.after(this.#delay() + late, () => {
      const answer = execute();
      if (mishap !== 'unanswered' && !this.#isCut(name, 'answers', connection)) {
        deliver(this.#delay() + deadline * this.#lateness(name, mishap), answer);
      }
    });
  }

  #isCut(name: string, way: 'requests' | 'answers', connection: Connection): boolean {
    const { left, cut } = this.#cutOf(name);
    switch (cut) {
      case 'fading':
        return left <= 0 && left > -2 * this.#mix.times.ttl;
      case 'last answers':
        return left > 0 && way === 'requests' && connection === 'lease';
      default:
        return left > 0 && (cut === 'both' || cut === way || cut === connection);
    }
  }

  /** By which part of its deadline an answer is late. */
  #lateness(name: string, mishap: Mishap | undefined): number {
    const { left, cut } = this.#cutOf(name);
    if (left > 0 && cut === 'last answers') {
      return 7 / 8;
    }
    const isLate = mishap === 'answered late' || (left > 0 && cut === 'fading');
    return isLate ? this.#sim.below(8) / 8 : 0;
  }

  /** For how long it still lasts. */
  #cutOf(name: string): { readonly left: number; readonly cut: Cut | undefined } {
    const { until = -Infinity, cut } = this.#cuts.get(name) ?? {};
    return { left: until - this.#agenda.now, cut };
  }

  #delay(): number {
    return (this.#mix.latency * (1 + this.#sim.below(8))) / 8;
  }

  #mishap(): Mishap | undefined {
    if (this.#isCalm) {
      return undefined;
    }
    let draw = 999 - this.#sim.below(1000);
    for (const [mishap, rate] of this.#mix.mishaps) {
      if (draw < rate) {
        return mishap;
      }
      draw -= rate;
    }
    return undefined;
  }
}
