import { type ExitReason } from '@reprise/actor';

/** The store, or another node, refuses the start. The message says how to mend it. */
export class Refusal extends Error {}

/** The refusal for which a program ends, if it is one. */
export function refusalIn(reason: ExitReason): Refusal | undefined {
  return reason.type === 'crash' && reason.error instanceof Refusal ? reason.error : undefined;
}
