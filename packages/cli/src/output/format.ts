import type { ServerSentEvent } from '@reprise/sse';

import type { FormatOptions } from '../options/options.ts';
import type { Source } from '../source.ts';
import { jsonLine } from './json.ts';
import { eventLines } from './lines.ts';
import { dataLines } from './text.ts';

/** The lines of an event as text. */
export type Format = (source: Source, event: ServerSentEvent) => string;

interface FormatContext {
  /** The beginning of the first line of an event, such as the name of its source. */
  readonly nameOf: (source: Source) => string;
  /** Whether a terminal gets the text. Only there is data alone without control characters. */
  readonly isTerminal: boolean;
}

export function formatOf(
  { type, timestamps }: FormatOptions,
  { nameOf, isTerminal }: FormatContext,
): Format {
  const now = timestamps ? (): string => new Date().toISOString() : undefined;
  if (type === 'json') {
    return (source, event) => jsonLine(source, event, now?.());
  }
  const headOf = (source: Source): string =>
    `${now === undefined ? '' : `${now()} `}${nameOf(source)}`;
  if (type === 'text') {
    return (source, event) => `${headOf(source)}${eventLines(event).join('\n')}`;
  }
  return isTerminal
    ? (source, event) => `${headOf(source)}${dataLines(event).join('\n')}`
    : (source, { data }) => `${headOf(source)}${data}`;
}
