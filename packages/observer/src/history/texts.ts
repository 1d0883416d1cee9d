/** How many texts there may be, and how long each is at most. */
const mostTexts = 2048;
const longestText = 200;

/** The number of all texts for which there was no room. */
const other = 0;

/** Texts by numbers: the reasons of lives, each kept once, as long as a life has it. */
export class Texts {
  readonly #texts: (string | undefined)[] = ['another reason'];
  readonly #uses: number[] = [1];
  readonly #numbers: Map<string, number> = new Map();
  readonly #free: number[] = [];

  /** The number of a text, which is used once more. */
  add(text: string): number {
    const short = text.slice(0, longestText);
    const number = this.#numbers.get(short) ?? this.#create(short);
    this.#uses[number] = (this.#uses[number] ?? 0) + 1;
    return number;
  }

  get(number: number): string {
    return this.#texts[number] ?? '';
  }

  /** It is used once less. */
  release(number: number): void {
    const uses = (this.#uses[number] ?? 1) - 1;
    this.#uses[number] = uses;
    if (uses === 0 && number !== other) {
      this.#numbers.delete(this.get(number));
      this.#texts[number] = undefined;
      this.#free.push(number);
    }
  }

  #create(text: string): number {
    const number = this.#free.pop() ?? this.#texts.length;
    if (number >= mostTexts) {
      return other;
    }
    this.#texts[number] = text;
    this.#uses[number] = 0;
    this.#numbers.set(text, number);
    return number;
  }
}
