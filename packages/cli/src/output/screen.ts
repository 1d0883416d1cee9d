import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

import type { Clock, TimeoutHandle } from '@reprise/actor';
import type { ServerSentEvent } from '@reprise/sse';

import type { Source, SourceState } from '../source.ts';
import type { Format } from './format.ts';
import { LiveLines } from './live-lines.ts';
import type { Output, Report } from './output.ts';
import type { Sink } from './sink.ts';
import { type Paint, Tally } from './status-line.ts';

/** How often the status lines are redrawn without an event, in ms: for their countdowns. */
const tick = 200;

export interface ScreenOptions {
  readonly terminal: WriteStream;
  /** Writes to the same terminal. */
  readonly stdout: Sink;
  readonly format: Format;
  /** Writes a change of state to stderr, which can be the same terminal. */
  readonly report: Report;
  /** Writes to stderr. */
  readonly stderr: Sink;
  readonly clock: Clock;
}

/** For a person at a terminal: events scroll above one status line for each source. */
export function screenOutput(sources: readonly Source[], options: ScreenOptions): Output {
  return new Screen(sources, options);
}

/** `styleText` uses colours only if stdout is a terminal and NO_COLOR is not set. */
const paint: Paint = (colour, text) => styleText(colour, text);

class Screen implements Output {
  readonly #options: ScreenOptions;
  readonly #tallies: ReadonlyMap<Source, Tally>;
  readonly #live: LiveLines;
  #ticking: TimeoutHandle | undefined = undefined;
  #isClosed = false;

  constructor(sources: readonly Source[], options: ScreenOptions) {
    const { terminal, clock } = options;
    this.#options = options;
    this.#tallies = new Map(sources.map((source) => [source, new Tally(clock.now())]));
    this.#live = new LiveLines(terminal);
    this.#tick();
  }

  /** The terminal wraps a long line itself, thus a line that is copied from it is whole. */
  event(source: Source, event: ServerSentEvent): void | Promise<void> {
    const { clock, format, stdout } = this.#options;
    this.#tallies.get(source)?.event(event, clock.now());
    const text = format(source, event).replace(/^\S+/, (word) => paint('bold', word));
    this.#live.print(`${text}\n`);
    this.#draw();
    return stdout.room();
  }

  state(source: Source, state: SourceState): void {
    this.#tallies.get(source)?.state(state, this.#options.clock.now());
    this.#beside(() => {
      this.#options.report(source, state);
    });
  }

  notice(text: string): void {
    this.#beside(() => void this.#options.stderr.write(`${text}\n`));
  }

  /** The status lines are gone then: the events and the changes of state stay. */
  close(): void {
    if (this.#ticking !== undefined) {
      this.#options.clock.clearTimeout(this.#ticking);
    }
    this.#isClosed = true;
    this.#live.clear();
  }

  /** Lines for stderr must not land among the status lines, if it is the same terminal. */
  #beside(write: () => void): void {
    this.#live.clear();
    write();
    this.#draw();
  }

  #tick(): void {
    this.#draw();
    this.#ticking = this.#options.clock.setTimeout(() => {
      this.#tick();
    }, tick);
  }

  #draw(): void {
    if (this.#isClosed) {
      return;
    }
    const now = this.#options.clock.now();
    const width = this.#options.terminal.columns ?? 80;
    this.#live.draw(
      [...this.#tallies].map(([source, tally]) => tally.line(source, now, width, paint)),
    );
  }
}
