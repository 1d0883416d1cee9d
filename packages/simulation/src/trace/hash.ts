// Not looked up at each call: inside a context of node:vm, as in Jest, that is slow.
const { imul } = Math;

/** A hash of 64 bits, in two halves. */
export interface Hash {
  readonly high: number;
  readonly low: number;
}

/** The running hash of a trace: its halves are mixed in different ways. */
export class RunningHash implements Hash {
  high: number = 0x9e3779b9 | 0;
  low: number = 0x85ebca6b | 0;

  /** `value`: whole, up to 2^53. */
  addNumber(value: number): void {
    this.#add(value | 0);
    this.#add((value / 2 ** 32) | 0);
  }

  addText(text: string): void {
    this.#add(text.length);
    for (let at = 0; at < text.length; at += 1) {
      this.#add(text.charCodeAt(at));
    }
  }

  #add(word: number): void {
    const { high, low } = this;
    this.high = (imul((high << 13) | (high >>> 19), 5) + (word ^ low)) | 0;
    this.low = imul(low ^ word, 0x01000193) ^ (this.high >>> 7);
  }
}

/** 16 hexadecimal digits. */
export function hashText({ high, low }: Hash): string {
  return digits(high) + digits(low);
}

function digits(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
