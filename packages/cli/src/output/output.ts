import type { ServerSentEvent } from '@reprise/sse';

import type { Source, SourceState } from '../source.ts';
import type { Sink } from './sink.ts';
import { harmless, stateLine } from './text.ts';

/** The output that shows the sources and their events. */
export interface Output {
  /** Returns a promise if the output is full: it settles when there is room for another event. */
  event(source: Source, event: ServerSentEvent): void | Promise<void>;
  state(source: Source, state: SourceState): void;
  /** Nothing is printed after this. */
  close(): void;
}

/** Events as text on one stream, changes of state on another. `format` adds the line end. */
export function plainOutput(
  format: (source: Source, event: ServerSentEvent) => string,
  stdout: Sink,
  report: Report,
): Output {
  return {
    event: (source, event) => stdout.write(format(source, event)),
    state: report,
    close: () => {},
  };
}

export type Report = (source: Source, state: SourceState) => void;

/** Writes a line for each change of state, preceded by the URL if there are several sources. */
export function lineReport(stderr: Sink, severalSources: boolean): Report {
  return (source, state) => {
    const line = stateLine(state);
    // Dropped while stderr is full: a reader that never reads would make the lines pile up.
    if (line !== undefined && stderr.room() === undefined) {
      void stderr.write(`${nameOf(source, severalSources)}${line}\n`);
    }
  };
}

/** The beginning of a line about a source. */
export function nameOf({ name }: Source, severalSources: boolean): string {
  return severalSources ? `${harmless(name)} ` : '';
}
