/** What a benchmark's program prints, as one line of JSON, whatever language it is written in. */
export interface Sample {
  /** What was asked for. */
  readonly sent: number;
  /** What those who did it say they have done. */
  readonly handled: number;
  /** By metric: per second, in bytes, or in seconds. */
  readonly readings: Readonly<Record<string, number>>;
}

/** How much to do: the one argument of a benchmark's program. */
export const amount: number = Number(process.argv[2]);

export function print(sample: Sample): void {
  console.log(JSON.stringify(sample));
}
