import { expect } from '@jest/globals';

import { serve, stream } from './support/server.ts';
import { onPosix, Terminal } from './support/terminal.ts';

const wide = '\u6F22';

onPosix(
  'Ctrl-C leaves the events and the changes, no status line, and the cursor below them',
  async () => {
    const server = await serve((_request, response) => {
      stream(response, `id: 1\ndata: ${wide.repeat(20)}\n\n`);
    });
    const terminal = new Terminal(['tail', server.url], { cols: 31 });
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
  'a status line of wide characters has one row on a terminal that becomes narrower',
  async () => {
    const server = await serve((_request, response) => {
      stream(response, `id: ${wide.repeat(80)}\ndata: x\n\n`);
    });
    const terminal = new Terminal(['tail', server.url], { cols: 175 });
    await terminal.shows((lines) => lines.at(-1)?.includes(`${wide}…`) === true);
    terminal.resize(35);
    // Lines that the program has written before it knew of this can leave a rest above, as on any
    // terminal: test/screen.test.ts has the rule, where nothing is on its way.
    await terminal.shows((lines) => /^http:.*…$/.test(lines.at(-1) ?? ''));
    expect(terminal.lines.at(-1)?.length).toBeLessThanOrEqual(35);
  },
);
