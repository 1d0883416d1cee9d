/**
 * The values of each contender, one per round, in the order of the rounds; `undefined` for a
 * contender that failed.
 */
export type Samples = ReadonlyMap<string, readonly number[] | undefined>;

/**
 * Runs all contenders in turns. Every other round goes backwards, A B C, C B A …: where the machine
 * becomes slower or faster during a round, the places in it are not always the same contender's. A
 * first round does not count, unless there is only one. The failure of a contender is printed on
 * stderr, and it is not run again.
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
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const before = readings.get(contender);
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

/**
 * The values in proportion to those of the first contender in the same rounds: two runs of one
 * round are neighbours in time. Empty where one of them failed.
 */
export function ratiosOf(
  values: readonly number[] | undefined,
  first: readonly number[] | undefined,
): readonly number[] {
  return (values ?? []).flatMap((value, round) => {
    const divisor = first?.[round];
    return divisor === undefined || divisor === 0 ? [] : [value / divisor];
  });
}

export function medianOf(values: readonly number[] | undefined): number | undefined {
  const sorted = (values ?? []).toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** The smallest and the largest; `undefined` without values. */
export function rangeOf(
  values: readonly number[],
): { readonly least: number; readonly most: number } | undefined {
  return values.length === 0
    ? undefined
    : { least: Math.min(...values), most: Math.max(...values) };
}
