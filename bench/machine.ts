import { availableParallelism, cpus, totalmem } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { formatShare } from './table.ts';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  /** In bytes. */
  readonly memory: number;
  /** The share of all processors that was in use in the second before the run, from 0 to 1. */
  readonly busy: number;
}

/** How long the use of the processors is watched before a run, in ms. */
const watched = 1000;
/** With a larger share in use, ratios of the same programs differ by more than their goals. */
const mostBusy = 0.1;

/** Other programs use the machine: no ratio of a run beside them means anything. */
export class BusyMachineError extends Error {
  constructor(busy: number) {
    super(
      `Expected a quiet machine, got one whose processors are ${formatShare(busy)} in use: ` +
        'end the other programs, or measure beside them with --busy',
    );
  }
}

/**
 * Describes the machine. A quick run only shows that everything works, and runs on a busy one too.
 *
 * @throws {BusyMachineError} (as a rejection) when other programs use it, without `busy`
 */
export async function quietMachine({
  quick = false,
  busy: isAllowed = quick,
}: {
  readonly quick?: boolean;
  readonly busy?: boolean;
}): Promise<Machine> {
  const before = ticks();
  await delay(watched);
  const after = ticks();
  const idle = (after.idle - before.idle) / (after.all - before.all);
  const busy = Number((1 - idle).toFixed(2));
  if (busy > mostBusy && !isAllowed) {
    throw new BusyMachineError(busy);
  }
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  return { processor, processors: availableParallelism(), memory: totalmem(), busy };
}

/** A line for the head of a report. */
export function formatMachine({ processor, processors, busy }: Machine): string {
  const warning = busy > mostBusy ? ': A BUSY MACHINE' : '';
  return `${processors} × ${processor}, ${formatShare(busy)} in use before the run${warning}`;
}

function ticks(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((each) => each.times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const all = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle);
  return { idle, all };
}
