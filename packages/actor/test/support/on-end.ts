import type { Process } from '@reprise/actor';

import { cellOfProcess } from '../../src/process/cell.ts';

/**
 * Counts from here on how many wait for the end of a process: what is never let go of would pile up
 * on one that lives long.
 */
export function countOnEnd(process: Process): () => number {
  const cell = cellOfProcess(process);
  const onEnd = cell.onEnd.bind(cell);
  const waiting = new Set<() => void>();
  cell.onEnd = (callback) => {
    const off = onEnd(callback);
    waiting.add(off);
    return () => {
      waiting.delete(off);
      off();
    };
  };
  return () => waiting.size;
}
