import type { ServerSentEvent } from '@reprise/sse';

import type { Source, SourceState } from '../source.ts';
import type { Sink } from './sink.ts';
import { harmless, stateLine } from './text.ts';

/** What the user sees of the sources. */
export interface Output {
  /** The promise, if there is one, settles when there is room for another event. */
  event(source: Source, event: ServerSentEvent): void | Promise<void>;
  state(source: Source, state: SourceState): void;
  /** Nothing is shown after this. */
  close(): void;
}

/** Events as text on one stream, changes of state on another; `format` ends with a line end. */
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

/** Writes a line for each change of state; the source is named only where there are several. */
export function lineReport(stderr: Sink, severalSources: boolean): Report {
  return (source, state) => {
    const line = stateLine(state);
    // A reader that does not read: its lines would be kept in memory for as long as this runs.
    if (line !== undefined && stderr.room() === undefined) {
      void stderr.write(`${nameOf(source, severalSources)}${line}\n`);
    }
  };
}

/** What a line about a source begins with. */
export function nameOf({ url }: Source, severalSources: boolean): string {
  return severalSources ? `${harmless(url)} ` : '';
}
