import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  /** In bytes. */
  readonly memory: number;
  /**
   * The load average of the last minute, before the run; 0 on systems without one.
   */
  readonly load: number;
  /** The load is a quarter of the processors or more. */
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
