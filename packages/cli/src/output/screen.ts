import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

import type { Clock, TimeoutHandle } from '@reprise/actor';
import type { ServerSentEvent } from '@reprise/sse';
import cliTruncate from 'cli-truncate';
import { createLogUpdate } from 'log-update';

import type { Source, SourceState } from '../source.ts';
import { eventLines } from './lines.ts';
import type { Output, Report } from './output.ts';
import type { Sink } from './sink.ts';
import { type Paint, shortName, Tally } from './status-line.ts';

/** How often the status lines are redrawn without an event, in ms: for their countdowns. */
const tick = 200;

export interface ScreenOptions {
  readonly terminal: WriteStream;
  /** Writes to the same terminal. */
  readonly stdout: Sink;
  /** Writes a change of state to stderr, which can be the same terminal. */
  readonly report: Report;
  readonly clock: Clock;
}

/** For a person at a terminal: events scroll above one status line for each source. */
export function screenOutput(sources: readonly Source[], options: ScreenOptions): Output {
  return new Screen(sources, options);
}

/** `styleText` uses colours only if stdout is a terminal and NO_COLOR is not set. */
const paint: Paint = (colour, text) => styleText(colour, text);

/** Measuring a very long line is slow, thus most of it is cut off before. */
function cut(line: string, width: number): string {
  return cliTruncate(line.slice(0, width * 8), width);
}

class Screen implements Output {
  readonly #options: ScreenOptions;
  readonly #tallies: ReadonlyMap<Source, Tally>;
  readonly #live: ReturnType<typeof createLogUpdate>;
  #ticking: TimeoutHandle | undefined = undefined;

  constructor(sources: readonly Source[], options: ScreenOptions) {
    const { terminal, clock } = options;
    this.#options = options;
    this.#tallies = new Map(sources.map((source) => [source, new Tally(clock.now())]));
    // A hidden cursor would stay hidden after a kill.
    this.#live = createLogUpdate(terminal, { showCursor: true });
    this.#tick();
  }

  event(source: Source, event: ServerSentEvent): void | Promise<void> {
    this.#tallies.get(source)?.event(event, this.#options.clock.now());
    this.#live.persist(this.#eventText(source, event));
    this.#draw();
    return this.#options.stdout.room();
  }

  state(source: Source, state: SourceState): void {
    this.#tallies.get(source)?.state(state, this.#options.clock.now());
    // The report goes to stderr. If that is the same terminal, it must not land among the status
    // lines.
    this.#live.clear();
    this.#options.report(source, state);
    this.#draw();
  }

  close(): void {
    if (this.#ticking !== undefined) {
      this.#options.clock.clearTimeout(this.#ticking);
    }
    for (const tally of this.#tallies.values()) {
      tally.close();
    }
    this.#draw();
    this.#live.done();
  }

  #eventText(source: Source, event: ServerSentEvent): string {
    const [first = '', ...rest] = eventLines(event);
    const name = this.#tallies.size > 1 ? `${shortName(source, this.#width)} ` : '';
    const lines = [`${name}${first}`, ...rest].map((line) => cut(line, this.#width));
    return lines.join('\n').replace(/^\S+/, (word) => paint('bold', word));
  }

  #tick(): void {
    this.#draw();
    this.#ticking = this.#options.clock.setTimeout(() => {
      this.#tick();
    }, tick);
  }

  #draw(): void {
    const now = this.#options.clock.now();
    const lines = [...this.#tallies].map(([source, tally]) =>
      tally.line(source, now, this.#width, paint),
    );
    this.#live(lines.join('\n'));
  }

  get #width(): number {
    return this.#options.terminal.columns ?? 80;
  }
}
