/**
 * How long clients take until they ask again: from the last request or event of a stream to its
 * next request. The end of a connection does not count: a client may end it too late. Times are in
 * ms since 1970.
 */
export class Absence {
  #longest = 0;
  readonly #heard = new Map<string, number>();

  /** In ms. */
  get longest(): number {
    return Math.round(this.#longest);
  }

  /** An event was handled, or the client was killed. */
  heard(stream: string, at: number): void {
    this.#heard.set(stream, Math.max(at, this.#heard.get(stream) ?? 0));
  }

  asked(stream: string, at: number): void {
    this.#longest = Math.max(this.#longest, at - (this.#heard.get(stream) ?? at));
    this.heard(stream, at);
  }
}
