/** The messages of the nodes. */
export class Told {
  readonly #messages: string[] = [];
  #wake = Promise.withResolvers<void>();

  add(message: string): void {
    this.#messages.push(message);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** Waits until each of them was told. */
  async all(...messages: readonly string[]): Promise<void> {
    await Promise.all(messages.map((message) => this.times(message, 1)));
  }

  /** Waits until this was told so often. */
  async times(message: string, count: number): Promise<void> {
    while (this.#messages.filter((each) => each === message).length < count) {
      await this.#wake.promise;
    }
  }
}
