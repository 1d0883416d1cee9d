import { afterEach, expect, test } from '@jest/globals';
import { type IPty, spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

import { env, main } from './support/program.ts';
import { serve, stream } from './support/server.ts';

/** `reprise tail` on a terminal of the operating system; an emulator shows what a person sees. */
class Terminal {
  readonly whenExited: Promise<number>;
  /** All that was written to the terminal. */
  written = '';
  readonly #pty: IPty;
  readonly #emulator: InstanceType<typeof xterm.Terminal>;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, cols: number) {
    const size = { cols, rows: 10 };
    const emulator = new xterm.Terminal({ ...size, allowProposedApi: true });
    const args = ['--conditions=@reprise/source', main, 'tail', url];
    const { NO_COLOR: _, ...variables } = env;
    this.#pty = spawn(process.execPath, args, { ...size, name: 'xterm', env: variables });
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
    const buffer = this.#emulator.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, row) =>
      buffer.getLine(row)?.translateToString(true),
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

  /** As a person does with a window: the emulator wraps its lines again, and tells the program. */
  resize(cols: number): void {
    this.#emulator.resize(cols, 10);
    this.#pty.resize(cols, 10);
  }
}

const running = new Set<IPty>();

afterEach(() => {
  for (const pty of running) {
    pty.kill('SIGKILL');
  }
  running.clear();
});

const wide = '\u6F22';

/** The terminal of Windows is an emulator itself, and draws the lines again in its own way. */
const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix(
  'Ctrl-C leaves the events and the changes, no status line, and the cursor below them',
  async () => {
    const server = await serve((_request, response) => {
      stream(response, `id: 1\ndata: ${wide.repeat(20)}\n\n`);
    });
    const terminal = new Terminal(server.url, 31);
    await terminal.shows((lines) => lines.length === 5);
    expect(terminal.lines.at(-1)).toMatch(/^http:/);
    terminal.press('\u0003');
    expect(await terminal.whenExited).toBe(0);
    const shown = ['connecting', 'connected', `message [1] ${wide.repeat(9)}`, wide.repeat(11)];
    await terminal.shows((lines) => lines.length === shown.length);
    expect(terminal.lines).toEqual(shown);
    expect(terminal.cursor).toEqual({ column: 0, line: shown.length });
    const [hidden, visible] = ['\u001B[?25l', '\u001B[?25h'].map((code) =>
      terminal.written.lastIndexOf(code),
    );
    expect(hidden).toBeLessThanOrEqual(Number(visible));
  },
);

onPosix(
  'a status line of wide characters leaves no rest on a terminal that becomes narrower',
  async () => {
    const server = await serve((_request, response) => {
      stream(response, `id: ${wide.repeat(80)}\ndata: x\n\n`);
    });
    const terminal = new Terminal(server.url, 175);
    await terminal.shows((lines) => lines.at(-1)?.includes(`${wide}…`) === true);
    terminal.resize(35);
    await terminal.shows((lines) => lines.at(-1)?.endsWith('…') === true && lines.length < 12);
    expect(terminal.lines.filter((line) => line.startsWith('http:'))).toHaveLength(1);
  },
);
