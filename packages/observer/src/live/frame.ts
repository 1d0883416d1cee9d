/** An event of the stream to a page, as text. */
export function frame(event: string, data: string, id?: string): string {
  const first = id === undefined ? '' : `id: ${id}\n`;
  return `${first}event: ${event}\ndata: ${data}\n\n`;
}

/** How many changes are kept for readers that come back. */
const kept = 200;

/** The newest changes by number, for readers that have missed some. */
export class ChangeLog {
  readonly #frames: string[] = [];
  #last: number;

  /** `last`: a number that no change has had so far. */
  constructor(last: number) {
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  add(text: (number: number) => string): string {
    this.#last += 1;
    const made = text(this.#last);
    this.#frames.push(made);
    if (this.#frames.length > kept) {
      this.#frames.shift();
    }
    return made;
  }

  /** Those after `number`; `undefined` if some of them are not kept any more. */
  after(number: number): string | undefined {
    const missed = this.#last - number;
    return missed >= 0 && missed <= this.#frames.length
      ? this.#frames.slice(this.#frames.length - missed).join('')
      : undefined;
  }
}
