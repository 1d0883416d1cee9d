/**
 * The monotonic clock of the machine, in ms: the same for all its processes, and no clock that
 * anybody sets.
 */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
