/** The output of a benchmark's program in any language, as one line of JSON. */
export interface Sample {
  /** The number of operations that the program requested. */
  readonly sent: number;
  /** The number that the processes counted as done. */
  readonly handled: number;
  /** By metric: per second, in bytes, or in seconds. */
  readonly readings: Readonly<Record<string, number>>;
}

/** The amount of work: the one argument of a benchmark's program. */
export const amount: number = Number(process.argv[2]);

export function print(sample: Sample): void {
  console.log(JSON.stringify(sample));
}
