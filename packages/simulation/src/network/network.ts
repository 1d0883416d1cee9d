import type { KeysOf } from '@reprise/actor/options';

import type { Draws } from '../choices/choices.ts';
import type { Engine } from '../engine/engine.ts';
import { Link } from './link.ts';

export interface CutOptions {
  /** Whether only the packets from the first to the second are stopped. Default: false. */
  readonly isOneWay?: boolean;
}

export const cutKeys: KeysOf<CutOptions> = { isOneWay: true };

/** The links between all machines of a run, each known by its name. */
export class Network {
  readonly #engine: Engine;
  readonly #draws: Draws;
  readonly #links: Map<string, Link> = new Map();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#draws = engine.choices.stream('network');
  }

  link(from: string, to: string): Link {
    const name = `${from} ${to}`;
    const link = this.#links.get(name) ?? new Link(this.#engine, from, to);
    this.#links.set(name, link);
    return link;
  }

  /**
   * New connections fail, and open ones fall silent: no side gets an error. Their packets come when
   * the link is mended.
   */
  cut(one: string, other: string, { isOneWay = false }: CutOptions = {}): void {
    const arrow = isOneWay ? 'to' : 'and';
    this.#note(one, `the link from ${one} ${arrow} ${other} is cut`);
    this.link(one, other).close('cut');
    if (!isOneWay) {
      this.link(other, one).close('cut');
    }
  }

  /** Keeps all packets between the two from now on. */
  hold(one: string, other: string): void {
    this.#note(one, `the packets between ${one} and ${other} are held`);
    this.link(one, other).close('held');
    this.link(other, one).close('held');
  }

  /** Mends a cut, and lets the packets go that are held, in their order. */
  release(one: string, other: string): void {
    this.#note(one, `the link between ${one} and ${other} is open`);
    this.link(one, other).open();
    this.link(other, one).open();
  }

  /** Every link is open. */
  heal(): void {
    for (const link of this.#links.values()) {
      link.open();
    }
  }

  /** A fault: the link is cut for up to a minute. */
  cutForAWhile(one: string, other: string): void {
    this.cut(one, other, { isOneWay: this.#draws.below(2) === 1 });
    this.#engine.schedule({
      at: this.#engine.now + this.#draws.between(1, longestCut) * 1000,
      owner: wire,
      kind: 'fault',
      what: `a cut between ${one} and ${other} ends`,
      run: () => {
        this.link(one, other).open();
        this.link(other, one).open();
      },
    });
  }

  #note(node: string, what: string): void {
    this.#engine.enter({ ...wire, name: node }, { kind: 'fault', what });
  }
}

/** In ms. */
const longestCut = 60_000;
/** Not part of any machine: it does not crash. */
const wire = { name: 'network', isAlive: true, pausedUntil: 0 };
