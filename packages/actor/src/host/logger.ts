import { escapeControls } from '../escape.ts';
import { writeError } from './host.ts';

/** Receives the reports of a system: crashes, and warnings. A pino logger is one. */
export interface Logger {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/**
 * A logger that never throws: a failure to log must not change the behaviour of a process. When
 * `logger` throws, its error and the report go to stderr.
 */
export function guarded(logger: Logger): Logger {
  const guard =
    (level: 'error' | 'warn'): Logger['error'] =>
    (details, message) => {
      try {
        logger[level](details, message);
      } catch (error) {
        writePlain(`the logger failed: ${String(error)}\n${message}`);
      }
    };
  return { error: guard('error'), warn: guard('warn') };
}

/** Writes to stderr: the message, then a line for each detail; errors with stack and causes. */
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

/** How many characters of a detail, such as the state of a server, are worth a line of stderr. */
const maxLength = 2000;

function format(value: unknown): string {
  if (value instanceof Error) {
    return formatWithCauses(value, []);
  }
  if (typeof value === 'string') {
    return value;
  }
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, maxLength);
  } catch {
    // It holds a bigint or a cycle, or its toJSON throws.
    return typeof value === 'bigint' ? String(value) : Object.prototype.toString.call(value);
  }
}

/** `outer`: the errors that this one is a cause of. An error can be its own cause. */
function formatWithCauses(error: Error, outer: readonly Error[]): string {
  const text = error.stack ?? error.message;
  const { cause } = error;
  if (cause === undefined || outer.includes(error)) {
    return text;
  }
  const inner = cause instanceof Error ? formatWithCauses(cause, [...outer, error]) : format(cause);
  return `${text}\ncaused by: ${inner}`;
}
