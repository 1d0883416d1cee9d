import type { NodeFacts } from '../store.ts';
import type { Agenda } from './agenda.ts';
import type { Times } from './times.ts';

const factsOfJoin: NodeFacts = { owned: 0, draining: false };

/** When the row of a node is renewed: each T/4, and soon after its facts have changed. */
export class Renewals {
  readonly #times: Times;
  readonly #agenda: Agenda;
  #sent: NodeFacts = factsOfJoin;
  #sentAt = -Infinity;

  constructor(times: Times, agenda: Agenda) {
    this.#times = times;
    this.#agenda = agenda;
  }

  /** The join was the first one. */
  joined(sentAt: number): void {
    this.send(factsOfJoin, sentAt);
  }

  send(facts: NodeFacts, now: number): void {
    this.#sent = facts;
    this.#sentAt = now;
    this.#agenda.set('renew', now + this.#times.renew);
  }

  /** Others plan by these facts, so they are told soon. */
  schedule({ owned, draining }: NodeFacts): void {
    if (owned !== this.#sent.owned || draining !== this.#sent.draining) {
      this.#agenda.sooner('renew', this.#sentAt + this.#times.fastLook);
    }
  }
}
