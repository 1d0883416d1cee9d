import type { NodeFacts } from '../store.ts';
import type { Agenda } from './agenda.ts';
import type { Times } from './times.ts';

const factsOfJoin: NodeFacts = { owned: 0, draining: false, list: '', busy: 0 };

/** What the core knows without a measurement. */
export type KnownFacts = Omit<NodeFacts, 'busy'>;

/** When the row of a node is renewed: each T/4, and soon after its facts have changed. */
export class Renewals {
  readonly #times: Times;
  readonly #agenda: Agenda;
  readonly #busy: () => number;
  #sent: NodeFacts = factsOfJoin;
  #sentAt = -Infinity;

  constructor(times: Times, agenda: Agenda, busy: () => number = () => 0) {
    this.#times = times;
    this.#agenda = agenda;
    this.#busy = busy;
  }

  /** The join was the first one. */
  joined(sentAt: number): void {
    this.#note(factsOfJoin, sentAt);
  }

  /** What is sent now. */
  send(facts: KnownFacts, now: number): NodeFacts {
    const sent = { ...facts, busy: this.#busy() };
    this.#note(sent, now);
    return sent;
  }

  /** Others plan by these facts, so they are told soon. */
  schedule({ owned, draining, list }: KnownFacts, now: number): void {
    if (list !== this.#sent.list) {
      // Until they know it, they leave this node nothing.
      this.#agenda.sooner('renew', now);
    } else if (owned !== this.#sent.owned || draining !== this.#sent.draining) {
      this.#agenda.sooner('renew', this.#sentAt + this.#times.fastLook);
    }
  }

  #note(facts: NodeFacts, now: number): void {
    this.#sent = facts;
    this.#sentAt = now;
    this.#agenda.set('renew', now + this.#times.renew);
  }
}
