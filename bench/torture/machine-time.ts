/** The monotonic clock of the machine, in ms: the same for all its processes, and never set. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
