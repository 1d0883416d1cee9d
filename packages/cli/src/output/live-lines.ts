import type { WriteStream } from 'node:tty';

import wrapAnsi from 'wrap-ansi';

/**
 * The last lines of a terminal, drawn again and again while other text scrolls by above them.
 *
 * Not `log-update`: it erases as many rows as the lines had when it drew them. A terminal that has
 * become narrower since then has wrapped them, and log-update 8.0 leaves a part of them behind.
 */
export class LiveLines {
  readonly #terminal: WriteStream;
  #drawn: readonly string[] = [];
  #width = 0;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  /** At most as many as the terminal has rows, with one to spare for the cursor. */
  draw(lines: readonly string[]): void {
    const shown = lines.slice(0, Math.max(1, this.#terminal.rows - 1));
    if (this.#width !== this.#columns || shown.join('\n') !== this.#drawn.join('\n')) {
      this.#replace(shown, '');
    }
  }

  /** Prints a text of whole lines above. */
  print(text: string): void {
    this.#replace(this.#drawn, text);
  }

  /** Removes the lines; the cursor is where they began. */
  clear(): void {
    this.#replace([], '');
  }

  /** One write: a terminal shows nothing between the two. */
  #replace(lines: readonly string[], above: string): void {
    const text = `${this.#erasure()}${above}${lines.map((line) => `${line}\n`).join('')}`;
    this.#drawn = lines;
    this.#width = this.#columns;
    if (text !== '') {
      this.#terminal.write(text);
    }
  }

  /** Moves the cursor from below the lines to their beginning and erases from there. */
  #erasure(): string {
    const rows = this.#rows;
    return rows === 0 ? '' : `\r\u001B[${rows}A\u001B[J`;
  }

  /**
   * How many rows the lines take. A terminal of another width than when they were drawn may have
   * wrapped them; a wide character goes to the next row whole, and leaves a gap.
   */
  get #rows(): number {
    const wraps = this.#drawn.length > 0 && this.#width !== this.#columns;
    const options = { hard: true, trim: false, wordWrap: false };
    return wraps
      ? wrapAnsi(this.#drawn.join('\n'), this.#columns, options).split('\n').length
      : this.#drawn.length;
  }

  get #columns(): number {
    return this.#terminal.columns ?? 80;
  }
}
