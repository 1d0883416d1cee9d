import { escapeControls } from '../escape.ts';
import { writeError } from '../host.ts';
import { textOfError, isError, textIn, fieldOf } from '../shown/reading.ts';
import type { Redaction } from '../shown/redaction.ts';
import { shownDetails, shownMessage } from '../shown/report.ts';
import { snapshot } from '../shown/snapshot.ts';

/**
 * Receives the reports of a system: crashes, and warnings. A pino logger is one. What it gets is
 * safe to print: plain data of a few kilobytes at most, without what the system's `redact` hides.
 * `err` is the very error, or a copy of the same class if that is too long or holds a secret.
 */
export interface Logger {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/**
 * A logger that never throws: a failure to log must not change the behaviour of a process. When
 * `logger` throws, its error and the report go to stderr. It is given nothing that is too large to
 * be printed, or that is secret.
 */
export function guarded(logger: Logger, redaction: Redaction): Logger {
  const guard =
    (level: 'error' | 'warn'): Logger['error'] =>
    (details, message) => {
      const shown = shownMessage(message, redaction);
      try {
        logger[level](shownDetails(details, redaction), shown);
      } catch (error) {
        const why = isError(error) ? textOfError(error) : String(error);
        writePlain(`the logger failed: ${shownMessage(why, redaction)}\n${shown}`);
      }
    };
  return { error: guard('error'), warn: guard('warn') };
}

/** Writes to stderr: the message, then each detail on a line of its own. */
export function stderrLogger(): Logger {
  const write = (details: object, message: string): void => {
    let text = message;
    for (const [key, value] of Object.entries(details)) {
      text += `\n    ${key}: ${indented(format(value))}`;
    }
    writePlain(text);
  };
  return { error: write, warn: write };
}

/**
 * A report may hold text from anywhere (V8 quotes text that is no JSON in the message of its
 * error), and must not control the terminal. Tabs and line feeds are the report's own.
 */
function writePlain(text: string): void {
  writeError(escapeControls(text, { keep: '\t\n' }));
}

/** Most texts are one line, and reports can come in thousands: the test is the cheaper part. */
function indented(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\n    ') : text;
}

function format(value: unknown): string {
  if (isError(value)) {
    return formatWithCauses(value, []);
  }
  return typeof value === 'string' ? value : (JSON.stringify(snapshot(value)) ?? 'undefined');
}

/** `outer`: the errors that this one is a cause of. An error can be its own cause. */
function formatWithCauses(error: Error, outer: readonly Error[]): string {
  const text = textIn(error, 'stack') || textOfError(error);
  const cause = fieldOf(error, 'cause');
  if (cause === undefined || outer.includes(error)) {
    return text;
  }
  const inner = isError(cause) ? formatWithCauses(cause, [...outer, error]) : format(cause);
  return `${text}\ncaused by: ${inner}`;
}
