import { describe } from '../describe.ts';
import { escapeControls } from '../escape.ts';
import { writeError } from '../host.ts';
import { callListener } from '../maybe-promise.ts';
import { foldFrames } from '../shown/frames.ts';
import { fieldOf, isError, textIn, textOfError } from '../shown/reading.ts';
import type { Redaction } from '../shown/redaction.ts';
import { shownDetails, shownMessage } from '../shown/report.ts';
import { snapshot } from '../shown/snapshot.ts';

/**
 * Receives the reports of a system: crashes, and warnings. A pino logger is one. Its arguments are
 * safe to print: plain data of a few kilobytes at most, without the secrets that the system's
 * `redact` hides. `err` is the very error, or a copy of the same class if that is too long or holds
 * a secret.
 */
export interface Logger {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/**
 * A logger that never throws: a failure to log must not change the behaviour of a process. When
 * `logger` throws, or returns a promise that rejects, its error and the report go to stderr. It is
 * given nothing that is too large to be printed, or that is secret.
 */
export function guarded(logger: Logger, redaction: Redaction): Logger {
  const guard =
    (level: 'error' | 'warn'): Logger['error'] =>
    (details, message) => {
      const shown = shownMessage(message, redaction);
      callListener(
        () => logger[level](shownDetails(details, redaction), shown),
        (error) => {
          const why = isError(error) ? textOfError(error) : describe(error);
          writePlain(`the logger failed: ${shownMessage(why, redaction)}\n${shown}`);
        },
      );
    };
  return { error: guard('error'), warn: guard('warn') };
}

/** Writes to stderr: the message, then each detail that it does not say on a line of its own. */
export function stderrLogger(): Logger {
  const write = (details: object, message: string): void => {
    const lines = Object.entries(details).flatMap(([key, value]) => linesOf(key, value, message));
    writePlain([message, ...lines].join('\n    '));
  };
  return { error: write, warn: write };
}

function linesOf(key: string, value: unknown, message: string): readonly string[] {
  if (isError(value)) {
    return errorLines(key, value, message);
  }
  const text = typeof value === 'string' ? value : (JSON.stringify(snapshot(value)) ?? 'undefined');
  const isTold = typeof value === 'string' && message.includes(value);
  return isTold || text === '[]' || text === '{}' ? [] : `${key}: ${text}`.split('\n');
}

/** The error, unless the message says which, its frames, and its causes. */
function errorLines(key: string, error: Error, message: string): readonly string[] {
  const title = titleOf(error);
  const isTold = message.includes(title.replaceAll(/\s+/g, ' '));
  const lines = [...framesOf(error), ...causeLines(error)];
  return isTold
    ? lines.map((line) => line.trimStart())
    : [...`${key}: ${title}`.split('\n'), ...lines];
}

/** An error can be its own cause. */
function causeLines(error: Error, outer: readonly Error[] = []): readonly string[] {
  const cause = fieldOf(error, 'cause');
  if (cause === undefined || outer.includes(error)) {
    return [];
  }
  if (!isError(cause)) {
    return linesOf('caused by', cause, '');
  }
  const lines = `caused by: ${titleOf(cause)}`.split('\n');
  return [...lines, ...framesOf(cause), ...causeLines(cause, [...outer, error])];
}

/** The stack up to its first frame, or the name and message. */
function titleOf(error: Error): string {
  const [title = ''] = textIn(error, 'stack').split(firstFrame);
  return title.trim() || textOfError(error);
}

const firstFrame = /\n {4}at /;

/** The frames of the program's own code; those of this package and of Node are folded. */
function framesOf(error: Error): readonly string[] {
  const [, ...frames] = textIn(error, 'stack').split(firstFrame);
  return foldFrames(frames.map((frame) => frame.trim()));
}

/**
 * A report may hold text from anywhere (V8 quotes text that is no JSON in the message of its
 * error), and must not control the terminal. Tabs and line feeds are the report's own.
 */
function writePlain(text: string): void {
  writeError(escapeControls(text, { keep: '\t\n' }));
}
