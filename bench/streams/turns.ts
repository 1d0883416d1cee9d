/** The values of each contender, one per round; `undefined` for a contender that failed. */
export type Samples = ReadonlyMap<string, readonly number[] | undefined>;

/**
 * Runs all contenders in turns, A B C A B C …: a minute in which the machine is busier then affects
 * all alike. A first round does not count, unless there is only one. The failure of a contender is
 * printed on stderr, and it is not run again.
 */
export async function runInTurns<Reading>(
  contenders: readonly string[],
  rounds: number,
  run: (contender: string) => Promise<Reading>,
): Promise<ReadonlyMap<string, readonly Reading[] | undefined>> {
  const readings = new Map<string, readonly Reading[] | undefined>(
    contenders.map((contender) => [contender, []]),
  );
  for (let round = rounds > 1 ? 0 : 1; round <= rounds; round++) {
    for (const [contender, before] of readings) {
      if (before !== undefined) {
        const reading = await run(contender).catch((error: unknown) => {
          console.error(`${contender} FAILED: ${String(error).split('\n')[0]}`);
        });
        const kept = round === 0 ? [] : [...before, reading as Reading];
        readings.set(contender, reading === undefined ? undefined : kept);
      }
    }
  }
  return readings;
}

export function medianOf(values: readonly number[] | undefined): number | undefined {
  const sorted = (values ?? []).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** The range of the values in proportion to their median; 0 without values. */
export function spreadOf(values: readonly number[] | undefined): number {
  const median = medianOf(values);
  return values === undefined || median === undefined || median === 0
    ? 0
    : (Math.max(...values) - Math.min(...values)) / median;
}
