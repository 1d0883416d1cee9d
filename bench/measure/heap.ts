import { amount, print } from './sample.ts';

/** A kind of process; the benchmark holds many of them idle. */
export interface Idler<Handle> {
  readonly start: () => Handle | Promise<Handle>;
  /** Lets it handle one message and resolves with the number of handled messages. */
  readonly ask: (process: Handle) => number | Promise<number>;
}

/**
 * Starts as many processes as the program's argument says, lets each handle one message, and prints
 * the heap that one takes after a garbage collection.
 */
export async function measureHeap<Handle>({ start, ask }: Idler<Handle>): Promise<void> {
  const warmUp = await start();
  await ask(warmUp);
  const processes = Array.from({ length: amount }, () => warmUp);
  const empty = await heapUsed();
  let handled = 0;
  for (let at = 0; at < amount; at++) {
    const process = await start();
    handled += await ask(process);
    processes[at] = process;
  }
  const full = await heapUsed();
  print({
    sent: processes.length,
    handled,
    readings: { bytes: (full - empty) / processes.length },
  });
}

async function heapUsed(): Promise<number> {
  // Timers and promises release their memory in the next turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (globalThis.gc === undefined) {
    throw new Error('Expected node to be run with --expose-gc');
  }
  await globalThis.gc({ execution: 'async', flavor: 'last-resort' });
  return process.memoryUsage().heapUsed;
}
