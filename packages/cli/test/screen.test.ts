import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';

import { expect, test } from '@jest/globals';
import { type VirtualClock, virtualClock } from '@reprise/actor/testing';
import xterm from '@xterm/headless';

import { formatOf } from '../src/output/format.ts';
import { lineReport, type Output } from '../src/output/output.ts';
import { screenOutput } from '../src/output/screen.ts';
import { Sink } from '../src/output/sink.ts';
import type { Source } from '../src/source.ts';

const first = { id: 'source 1', url: 'http://a/', name: 'http://a/' };
const second = { id: 'source 2', url: 'http://b/', name: 'http://b/' };
const failure = { type: 'closed' } as const;

/** A terminal whose lines can be read, with a screen drawn on it. */
class Terminal {
  readonly clock: VirtualClock = virtualClock();
  readonly output: Output;
  readonly #stdout: Sink;
  readonly #terminal: { columns: number };
  readonly #emulator: InstanceType<typeof xterm.Terminal>;

  constructor(sources: readonly Source[], cols = 70, rows = 8) {
    const emulator = new xterm.Terminal({ cols, rows, allowProposedApi: true, convertEol: true });
    const write = (chunk: Uint8Array, _encoding: string, done: () => void): void => {
      emulator.write(chunk, done);
    };
    const terminal = Object.assign(new Writable({ write }), { isTTY: true, columns: cols, rows });
    this.#terminal = terminal;
    const stdout = new Sink(terminal);
    const report = lineReport(stdout, sources.length > 1);
    this.#stdout = stdout;
    this.#emulator = emulator;
    const nameOf = ({ name }: Source): string => (sources.length > 1 ? `${name} ` : '');
    this.output = screenOutput(sources, {
      format: formatOf({ type: 'text', timestamps: false }, { nameOf, isTerminal: true }),
      terminal: terminal as unknown as WriteStream,
      stdout,
      stderr: stdout,
      report,
      clock: this.clock,
    });
  }

  /** Changes the width, as a person does with a window; the emulator wraps lines again. */
  async resize(cols: number): Promise<void> {
    await this.#stdout.flushed();
    this.#emulator.resize(cols, this.#emulator.rows);
    this.#terminal.columns = cols;
  }

  /** All lines, including those that have scrolled away. */
  async lines(): Promise<readonly string[]> {
    await this.#stdout.flushed();
    const buffer = this.#emulator.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, row) =>
      buffer.getLine(row)?.translateToString(true),
    );
    return lines.map(String).join('\n').trimEnd().split('\n');
  }
}

function event(data: string, lastEventId = ''): Parameters<Output['event']>[1] {
  return { type: 'message', data, id: lastEventId === '' ? null : lastEventId, lastEventId };
}

test('events and changes scroll by above the status line', async () => {
  const { output, lines } = bound(new Terminal([first]));
  output.state(first, { type: 'connecting', attempt: 1 });
  output.state(first, { type: 'connected', url: first.url });
  for (let id = 1; id <= 20; id += 1) {
    void output.event(first, event(`number ${id}`, String(id)));
  }
  expect(await lines()).toEqual([
    'connecting',
    'connected',
    ...Array.from({ length: 20 }, (_, index) => `message [${index + 1}] number ${index + 1}`),
    'http://a/  connected  20 events  0.0/s  0 reconnects  last id 20',
  ]);
  output.close();
});

test('each source has its status line, and each event names its source', async () => {
  const { output, lines } = bound(new Terminal([first, second]));
  output.state(second, { type: 'connected', url: second.url });
  void output.event(second, event('x'));
  expect(await lines()).toEqual([
    'http://b/ connected',
    'http://b/ message x',
    'http://a/  connecting  0 events  0.0/s  0 reconnects',
    'http://b/  connected  1 event  0.0/s  0 reconnects',
  ]);
  output.close();
});

test('the wait for the next attempt is seen to pass', async () => {
  const { output, lines, clock } = bound(new Terminal([first]));
  output.state(first, { type: 'disconnected', reason: 'closed', failure, after: 3000 });
  expect((await lines()).at(-1)).toContain('next attempt in 3 s');
  await clock.advance(1200);
  expect((await lines()).at(-1)).toContain('next attempt in 2 s');
  output.close();
});

test('an event is whole on a narrow terminal, which wraps it; only the status line is cut', async () => {
  const { output, lines } = bound(new Terminal([first], 24));
  void output.event(first, event(`${'\u6F22'.repeat(10)}\n${'y'.repeat(50)}`));
  expect(await lines()).toEqual([
    `message ${'\u6F22'.repeat(8)}`,
    '\u6F22'.repeat(2),
    `  ${'y'.repeat(22)}`,
    'y'.repeat(24),
    'y'.repeat(4),
    'http://a/  connecting  \u2026',
  ]);
  output.close();
});

test('a terminal that becomes narrower keeps nothing of an old status line', async () => {
  const terminal = new Terminal([first, second], 60);
  const { output, lines, clock } = bound(terminal);
  void output.event(first, event('x'));
  await lines();
  await terminal.resize(20);
  await clock.advance(200);
  expect(await lines()).toEqual([
    'http://a/ message x',
    'http://a/  connecti\u2026',
    'http://b/  connecti\u2026',
  ]);
  output.close();
});

test('a terminal that becomes narrower keeps nothing of an old status line of wide characters', async () => {
  const terminal = new Terminal([first], 175);
  const { output, lines, clock } = bound(terminal);
  void output.event(first, event('x', '\u6F22'.repeat(80)));
  expect((await lines()).at(-1)).toContain('\u6F22\u2026');
  await terminal.resize(35);
  await clock.advance(200);
  expect(await lines()).toEqual([
    `message [${'\u6F22'.repeat(13)}`,
    ...Array.from({ length: 3 }, () => '\u6F22'.repeat(17)),
    `${'\u6F22'.repeat(16)}] x`,
    'http://a/  connecting  1 event  0.\u2026',
  ]);
  output.close();
});

test('the end leaves the events and the changes, and no status line', async () => {
  const { output, lines } = bound(new Terminal([first, second]));
  output.state(first, { type: 'connected', url: first.url });
  void output.event(first, event('x'));
  output.close();
  output.close();
  expect(await lines()).toEqual(['http://a/ connected', 'http://a/ message x']);
});

test('more sources than rows are not drawn over each other', async () => {
  const sources = Array.from({ length: 12 }, (_, index) => ({
    id: `source ${index}`,
    url: 'x',
    name: `http://host${index}/`,
  }));
  const { output, lines } = bound(new Terminal(sources, 70, 6));
  void output.event(sources[0] ?? first, event('x'));
  void output.event(sources[0] ?? first, event('y'));
  const shown = await lines();
  expect(shown.slice(0, 2)).toEqual(['http://host0/ message x', 'http://host0/ message y']);
  expect(shown).toHaveLength(7);
  output.close();
});

test('an event cannot reach the terminal itself', async () => {
  const { output, lines } = bound(new Terminal([first]));
  void output.event(first, {
    ...event('\u001B[2J\u001B]0;t\u0007\u009B5A\rx', 'i\u001B[1A'),
    type: '\u001Bc',
  });
  expect(await lines()).toEqual([
    String.raw`\x1bc [i\x1b[1A] \x1b[2J\x1b]0;t\x07\x9b5A\rx`,
    expect.stringContaining(String.raw`last id i\x1b[1A`),
  ]);
  output.close();
});

function bound(terminal: Terminal): Pick<Terminal, 'output' | 'lines' | 'clock'> {
  return { output: terminal.output, clock: terminal.clock, lines: () => terminal.lines() };
}
