import { describe, escapeControls, redactedStart } from '@reprise/actor/text';

/** Of the words of an error, in characters. */
const longest = 500;

/**
 * The words of an error, as `shown` has them. Any value may be thrown, and a message may be no
 * text, or a getter that throws.
 */
export function textOf(error: unknown): string {
  return shown(messageOf(error) ?? describe(error), longest);
}

/**
 * The start of a text: without secrets, on one line, and without characters that a store cannot
 * keep, such as U+0000 in Postgres.
 */
export function shown(text: string, limit: number): string {
  return escapeControls(redactedStart(text, limit).replaceAll(/\s+/g, ' '));
}

function messageOf(error: unknown): string | undefined {
  try {
    const message: unknown = error instanceof Error ? error.message : undefined;
    return typeof message === 'string' && message !== '' ? message : undefined;
  } catch {
    return undefined;
  }
}
