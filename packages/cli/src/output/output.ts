import type { ServerSentEvent } from '@reprise/sse';

import type { Source, SourceState } from '../source.ts';
import type { Format } from './format.ts';
import type { Sink } from './sink.ts';
import { harmless, stateLine } from './text.ts';

/** The output that shows the sources and their events. */
export interface Output {
  /** Returns a promise if the output is full: it settles when there is room for another event. */
  event(source: Source, event: ServerSentEvent): void | Promise<void>;
  state(source: Source, state: SourceState): void;
  /** A line about the program itself, for stderr. */
  notice(text: string): void;
  /** Nothing is printed after this. */
  close(): void;
}

/** Events as text on one stream, changes of state on another. */
export function plainOutput(
  format: Format,
  { stdout, stderr }: { readonly stdout: Sink; readonly stderr: Sink },
  report: Report,
): Output {
  return {
    event: (source, event) => stdout.write(`${format(source, event)}\n`),
    state: report,
    notice: (text) => void stderr.write(`${text}\n`),
    close: () => {},
  };
}

export type Report = (source: Source, state: SourceState) => void;

/**
 * Writes a line for each change of state, preceded by the URL if there are several sources. `hide`
 * takes the secrets out of it.
 */
export function lineReport(
  stderr: Sink,
  severalSources: boolean,
  hide: (text: string) => string = (text) => text,
): Report {
  return (source, state) => {
    const line = stateLine(state, hide);
    // Dropped while stderr is full: a reader that never reads would make the lines pile up.
    if (line !== undefined && stderr.room() === undefined) {
      void stderr.write(`${nameOf(source, severalSources)}${hide(line)}\n`);
    }
  };
}

/** The beginning of a line about a source. */
export function nameOf({ name }: Source, severalSources: boolean): string {
  return severalSources ? `${harmless(name)} ` : '';
}
