import { writeError } from './host.ts';

/** Where a system tells of crashes and of what looks wrong. A pino logger fits as it is. */
export interface Logger {
  error(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Writes to stderr: the message, then one line a detail, the reason with its stack and causes. */
export function stderrLogger(): Logger {
  const write = (details: object, message: string): void => {
    writeError([message, ...Object.entries(details).map(line)].join('\n'));
  };
  return { error: write, warn: write };
}

function line([key, value]: [string, unknown]): string {
  return `    ${key}: ${format(value).replaceAll('\n', '\n    ')}`;
}

function format(value: unknown): string {
  if (value instanceof Error) {
    const cause = value.cause === undefined ? '' : `\ncaused by: ${format(value.cause)}`;
    return `${value.stack ?? String(value)}${cause}`;
  }
  if (typeof value === 'string') {
    return value;
  }
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
