/**
 * The streams that this node had when its lease ended. A store that was away has ended all
 * leases at once, and the first node that is back would see itself alone, and take the streams of
 * the others. So for a while each node takes only its own back.
 */
export class FormerStreams {
  readonly #wait: number;
  #keys: ReadonlySet<string> = new Set();
  #until: number | undefined = undefined;

  /** @param wait how long other streams are left alone, from the first look on, in ms. */
  constructor(wait: number) {
    this.#wait = wait;
  }

  /**
   * The lease has ended: these were to run here. Those that are not taken back yet are still kept,
   * and the next life waits anew: the others are not back sooner than this node.
   */
  keep(staying: readonly string[]): void {
    this.#keys = new Set([...this.#keys, ...staying]);
    this.#until = undefined;
  }

  /** The node looks, and it has a lease. */
  look(now: number): void {
    this.#until ??= now + this.#wait;
    if (now >= this.#until) {
      this.#keys = new Set();
    }
  }

  /** Whether this one is to be taken back, whichever node has the better claim to it. */
  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Whether this one may be taken now. */
  allows(key: string): boolean {
    return this.#keys.size === 0 || this.#keys.has(key);
  }
}
