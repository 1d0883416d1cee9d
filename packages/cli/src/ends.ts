import { type ExitReason, formatReason } from '@reprise/actor';

import { refusalIn } from './nodes/refusal.ts';
import type { Sink } from './output/sink.ts';

interface End {
  readonly status: number;
  /** For stderr. */
  readonly text?: string;
}

/** After a signal, or a failure of the program itself. */
export function endOf(reason: ExitReason, usual: number, cause: ExitReason): End {
  // Killed at the deadline: the signal asked for this end.
  if (usual === 0 || reason.type === 'killed') {
    return { status: 0 };
  }
  const refusal = refusalIn(cause);
  return refusal === undefined
    ? { status: usual, text: formatReason(cause) }
    : { status: 3, text: refusal };
}

/** A reader that has seen enough is not a failure; a full disk is. */
export function statusOfBroken(error: Error & { readonly code?: string }, stderr: Sink): number {
  const isGone = error.code === 'EPIPE' || error.code === 'EOF';
  if (!isGone) {
    void stderr.write(`Expected the output to be written, got ${error.message}\n`);
  }
  return isGone ? 0 : 1;
}
