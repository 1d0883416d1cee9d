import { emitKeypressEvents } from 'node:readline';

import type { Size } from './frame.ts';
import type { Key } from './keys.ts';

/** The terminal, as far as it is needed. */
export type ScreenProcess = Pick<
  NodeJS.Process,
  'stdin' | 'stdout' | 'on' | 'off' | 'once' | 'kill' | 'pid'
>;

/** The alternate screen, without a cursor; and the way back. */
const enter = '\u001B[?1049h\u001B[?25l';
const leave = '\u001B[?25h\u001B[?1049l';

/** The whole terminal of a person. Its earlier content is there again afterwards. */
export class Screen {
  readonly #process: ScreenProcess;
  readonly #redraw: () => void;
  #shown = '';
  #isOpen = false;

  constructor(
    process: ScreenProcess,
    listeners: { readonly key: (key: Key) => void; readonly redraw: () => void },
  ) {
    this.#process = process;
    this.#redraw = listeners.redraw;
    emitKeypressEvents(process.stdin);
    process.stdin.on('keypress', (_text: string | undefined, key: Key) => {
      listeners.key(key);
    });
    process.stdout.on('resize', () => {
      this.#shown = '';
      listeners.redraw();
    });
  }

  get size(): Size {
    const { columns, rows } = this.#process.stdout;
    return { columns, rows };
  }

  open(): void {
    this.#isOpen = true;
    this.#shown = '';
    this.#process.stdin.setRawMode(true);
    this.#process.stdin.resume();
    this.#process.stdout.write(enter);
  }

  /** A second call does nothing. */
  close(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#process.stdout.write(leave);
      this.#process.stdin.setRawMode(false);
      this.#process.stdin.pause();
    }
  }

  /** In one write: the terminal never shows half of it. */
  draw(lines: readonly string[]): void {
    const text = lines.join('\u001B[K\r\n');
    if (this.#isOpen && text !== this.#shown) {
      this.#shown = text;
      this.#process.stdout.write(`\u001B[H${text}\u001B[K\u001B[J`);
    }
  }

  /** Ctrl-Z: the shell has the terminal until `fg`. */
  suspend(): void {
    this.close();
    this.#process.once('SIGCONT', () => {
      this.open();
      this.#redraw();
    });
    this.#process.kill(this.#process.pid, 'SIGTSTP');
  }
}
