import { type ExitReason } from '@reprise/actor';

/** The store, or another node, refuses the start. The message says how to mend it. */
export class Refusal extends Error {}

/**
 * The words of a refusal, if a program ends for one. By its name also that of a node that has lost
 * its tables: the modules of a cluster are loaded only where there is one.
 */
export function refusalIn(cause: ExitReason): string | undefined {
  const error = cause.type === 'crash' ? (cause.error as Partial<Error> | null) : null;
  return error instanceof Refusal || error?.name === 'StartError' ? error.message : undefined;
}
