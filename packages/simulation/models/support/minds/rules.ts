import type { Verdict } from '../verdict.ts';

/** Where a client is to be connected, and from when on. */
export interface Wish {
  readonly number: number;
  readonly origin: string;
  /** In ms. */
  readonly notBefore: number;
}

/** A client follows its newest wish alone. */
export class WishRules {
  readonly #verdict: Verdict;
  readonly #now: () => number;
  #wish: Wish | undefined = undefined;
  #wishes = 0;
  /** The wish of the last attempt. */
  #begun: Wish | undefined = undefined;
  #isConnected = false;

  constructor(verdict: Verdict, now: () => number) {
    this.#verdict = verdict;
    this.#now = now;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  wishes(origin: string, after: number): Wish {
    this.#wishes += 1;
    this.#isConnected = false;
    this.#wish = { number: this.#wishes, origin, notBefore: this.#now() + after };
    return this.#wish;
  }

  /** An attempt for a wish begins. */
  begins(wish: Wish): void {
    this.#verdict.expect(wish === this.#wish, () => `wish ${wish.number} was replaced, and obeyed`);
    this.#verdict.expect(this.#now() >= wish.notBefore, () => `wish ${wish.number} came too early`);
    this.#begun = wish;
  }

  /** A stream is open. */
  connects(): void {
    const isBegun = this.#wish !== undefined && this.#begun === this.#wish;
    this.#verdict.expect(isBegun, () => `connected before wish ${String(this.#wish?.number)}`);
    this.#isConnected = true;
  }

  /** `data`: begins with the name of its origin. */
  handles(data: string): void {
    const isCurrent = this.#isConnected && data.startsWith(`${String(this.#wish?.origin)} `);
    this.#verdict.expect(isCurrent, () => `handled event ${data} of an older connection`);
  }
}
