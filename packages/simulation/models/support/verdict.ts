/**
 * The first rule that was broken. Code of a process does not throw it: that would only end the
 * process, and the run would go on.
 */
export class Verdict {
  #broken: string | undefined = undefined;

  expect(holds: boolean, broken: () => string): void {
    if (!holds) {
      this.#broken ??= broken();
    }
  }

  /** Throws the first that was broken. */
  check(): void {
    if (this.#broken !== undefined) {
      throw new Error(this.#broken);
    }
  }
}
