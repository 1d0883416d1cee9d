import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  /** In bytes. */
  readonly memory: number;
  /**
   * Over the last minute, before the run: how many processors were wanted. 0 where the system does
   * not say.
   */
  readonly load: number;
  /** Others want a quarter of it or more. */
  readonly isBusy: boolean;
}

export function describeMachine(): Machine {
  const processors = availableParallelism();
  const [load = 0] = loadavg();
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    processors,
    memory: totalmem(),
    load,
    isBusy: load >= processors / 4,
  };
}
