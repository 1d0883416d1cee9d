import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { machineTime } from './machine-time.ts';

/** A time in which a process did not run though it wanted to, by the machine's clock, in ms. */
export interface Stall {
  readonly from: number;
  readonly to: number;
}

const beat = 20;
/** A timer is late by less on a quiet machine, in ms. */
const usual = 10;

/**
 * Measures how long the machine keeps this process waiting: how late a timer of its own is. A limit
 * on a busy machine is longer by that much. Returns a function that ends it; it does not keep the
 * program alive.
 */
export function watchStalls(onStall: (stall: Stall) => void): () => void {
  let dueAt = machineTime() + beat;
  const timer = setInterval(() => {
    const now = machineTime();
    if (now > dueAt + usual) {
      onStall({ from: dueAt, to: now });
    }
    dueAt = now + beat;
  }, beat).unref();
  return () => {
    clearInterval(timer);
  };
}

/** How long a write to the disk takes on a quiet machine, in ms. */
const usualSync = 20;

/**
 * Measures how long the disk keeps a small write waiting, as each commit of a database does.
 * Returns a function that ends it.
 */
export function watchDisk(path: string, onStall: (stall: Stall) => void): () => Promise<void> {
  const end = new AbortController();
  const watching = (async () => {
    await using file = await open(path, 'w');
    while (!end.signal.aborted) {
      const from = machineTime();
      await file.write('.');
      await file.datasync();
      const to = machineTime();
      if (to - from > usualSync) {
        onStall({ from: from + usualSync, to });
      }
      await delay(5 * beat);
    }
  })();
  return async () => {
    end.abort();
    await watching;
  };
}

/** The part of a time in which a process was stalled, in ms. */
export function stalledWithin(stalls: readonly Stall[], { from, to }: Stall): number {
  return stalls.reduce(
    (sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
    0,
  );
}
