import { describe, redact } from '@reprise/actor/text';

/** Why a request of the store has failed. */
export interface Failure {
  /** In ms since 1970. */
  readonly at: number;
  /** The request, such as `renew`. */
  readonly request: string;
  /** The words of the store, without secrets. */
  readonly text: string;
}

/** In characters. */
const longest = 500;

/** The words of an error, without secrets and on one line. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : describe(error);
  return redact(text.slice(0, longest)).replaceAll(/\s+/g, ' ');
}
