import type { WriteStream } from 'node:tty';

import stringWidth from 'string-width';

/** The last lines of a terminal, drawn again and again while other text scrolls by above them. */
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

  /**
   * Moves the cursor from below the lines to their beginning and erases from there. A terminal that
   * has become narrower since they were drawn has wrapped them.
   */
  #erasure(): string {
    const rows = this.#drawn.reduce((sum, line) => sum + this.#rowsOf(line), 0);
    return rows === 0 ? '' : `\r\u001B[${rows}A\u001B[J`;
  }

  #rowsOf(line: string): number {
    return Math.max(1, Math.ceil(stringWidth(line) / this.#columns));
  }

  get #columns(): number {
    return this.#terminal.columns ?? 80;
  }
}
