import type { Readable } from 'node:stream';

/** The lines of a stream. All are kept, and can be awaited. */
export class Lines {
  readonly all: string[] = [];
  readonly whenEnded: Promise<void>;
  readonly #waiting = new Set<() => void>();
  #rest = '';
  #isEnded = false;

  /** Also settles when the stream breaks off. */
  constructor(stream: Readable) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenEnded = promise;
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#add(lines);
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#isEnded = true;
      this.#add(this.#rest === '' ? [] : [this.#rest]);
      resolve();
    });
  }

  /**
   * The first line that matches, those that have come counted in. Rejects when the stream ends
   * without one.
   */
  until(pattern: RegExp): Promise<string> {
    return this.#find(() => this.all.find((line) => pattern.test(line)), String(pattern));
  }

  /** Resolves when there are this many lines. */
  async count(lines: number): Promise<readonly string[]> {
    await this.#find(() => this.all[lines - 1], `${lines} lines`);
    return this.all;
  }

  #find(find: () => string | undefined, expected: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found !== undefined) {
          resolve(found);
        } else if (this.#isEnded) {
          reject(new Error(`Expected ${expected}, got the end of:\n${this.all.join('\n')}`));
        } else {
          this.#waiting.add(look);
        }
      };
      look();
    });
  }

  #add(lines: readonly string[]): void {
    this.all.push(...lines);
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const look of waiting) {
      look();
    }
  }
}
