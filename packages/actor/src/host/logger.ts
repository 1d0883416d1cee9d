import { escapeControls } from '../escape.ts';
import { writeError } from './host.ts';

/** Where a system tells of crashes and of what looks wrong. A pino logger fits as it is. */
export interface Logger {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/**
 * The same logger, which cannot fail: one that throws must not change what it is told of. What it
 * did not take goes to stderr.
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

/** Writes to stderr: the message, then one line a detail, the reason with its stack and causes. */
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

/** Most are one line, and a supervisor may have thousands of crashes to tell of. */
function indented(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\n    ') : text;
}

/** More of a state than this helps nobody, on a line of stderr. */
const longest = 2000;

function format(value: unknown): string {
  if (value instanceof Error) {
    return formatError(value, []);
  }
  if (typeof value === 'string') {
    return value;
  }
  try {
    return (JSON.stringify(value) ?? String(value)).slice(0, longest);
  } catch {
    // A bigint, a cycle, or a toJSON that throws.
    return typeof value === 'bigint' ? String(value) : Object.prototype.toString.call(value);
  }
}

/** `outer`: the errors that this one is the cause of; an error can be its own. */
function formatError(error: Error, outer: readonly Error[]): string {
  const text = error.stack ?? error.message;
  const { cause } = error;
  if (cause === undefined || outer.includes(error)) {
    return text;
  }
  const inner = cause instanceof Error ? formatError(cause, [...outer, error]) : format(cause);
  return `${text}\ncaused by: ${inner}`;
}
