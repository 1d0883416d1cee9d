import { afterEach, test } from '@jest/globals';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

import { main } from './program.ts';

/** The terminal of Windows is an emulator itself, and draws the lines again in its own way. */
export const onPosix: typeof test =
  process.platform === 'win32' ? (test.skip as typeof test) : test;

export interface TerminalOptions {
  readonly cols: number;
  /** Default: 10. */
  readonly rows?: number;
  /** Further environment variables. */
  readonly variables?: NodeJS.ProcessEnv;
}

/**
 * `reprise` on a terminal of the operating system; an emulator shows the lines as a person sees
 * them.
 */
export class Terminal {
  readonly whenExited: Promise<number>;
  /** All that was written to the terminal. */
  written = '';
  readonly #pty: IPty;
  readonly #emulator: InstanceType<typeof xterm.Terminal>;
  readonly #waiting = new Set<() => void>();

  constructor(
    words: readonly string[],
    { cols, rows = 10, variables: more = {} }: TerminalOptions,
  ) {
    const size = { cols, rows };
    const emulator = new xterm.Terminal({ ...size, allowProposedApi: true });
    const args = ['--conditions=@reprise/source', main, ...words];
    const { NO_COLOR: _, ...variables } = process.env;
    this.#pty = spawn(process.execPath, args, {
      ...size,
      name: 'xterm',
      env: { ...variables, ...more },
    });
    this.#emulator = emulator;
    this.#pty.onData((text) => {
      this.written += text;
      emulator.write(text, () => {
        this.#waiting.forEach((look) => {
          look();
        });
      });
    });
    this.whenExited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode }) => {
        resolve(exitCode);
      });
    });
    running.add(this.#pty);
  }

  /** The lines on it, from the top; a line that the terminal has wrapped counts for several. */
  get lines(): readonly string[] {
    const { cols, buffer } = this.#emulator;
    // The emulator keeps the text to the right of its edge.
    const lines = Array.from({ length: buffer.active.length }, (_, row) =>
      buffer.active.getLine(row)?.translateToString(true, 0, cols),
    );
    return lines.map(String).join('\n').trimEnd().split('\n');
  }

  get cursor(): { readonly column: number; readonly line: number } {
    const { cursorX, cursorY, baseY } = this.#emulator.buffer.active;
    return { column: cursorX, line: baseY + cursorY };
  }

  /** Resolves once the lines are such. */
  async shows(isShown: (lines: readonly string[]) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (isShown(this.lines)) {
          this.#waiting.delete(look);
          resolve();
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  press(keys: string): void {
    this.#pty.write(keys);
  }

  signal(name: NodeJS.Signals): void {
    this.#pty.kill(name);
  }

  /** As a person does with a window: the emulator wraps its lines again, and tells the program. */
  resize(cols: number): void {
    const { rows } = this.#emulator;
    this.#emulator.resize(cols, rows);
    this.#pty.resize(cols, rows);
  }
}

const running = new Set<IPty>();

afterEach(() => {
  for (const pty of running) {
    pty.kill('SIGKILL');
  }
  running.clear();
});
