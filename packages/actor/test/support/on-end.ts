import type { Process } from '@reprise/actor';

import { cellOfProcess } from '../../src/process/cell.ts';

/**
 * Counts the `onEnd` callbacks of a process from here on. A callback that is never removed is a
 * leak: such callbacks pile up on a process that runs for long.
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
