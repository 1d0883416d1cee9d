import type { Cell } from '../process/cell.ts';
import { callingSelf, type ExitReason, noproc } from '../process/exit-reason.ts';

/** The reason to refuse a request at once: the server cannot answer it. */
export function refusalOf(
  server: Cell | undefined,
  caller: Cell | undefined,
): ExitReason | undefined {
  if (server === undefined || !server.isAlive) {
    return noproc;
  }
  return caller === server ? callingSelf : undefined;
}
