/** A number of a system, with the attributes that tell it from others of its name. */
export interface Metric {
  /** In the form of OpenTelemetry, such as `reprise.process.busy`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** In UCUM, such as `s`, `By` or `{message}`. */
  readonly unit: string;
  readonly help: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of a histogram, how many values it has. */
  readonly value: number;
  /** Of a histogram alone. */
  readonly distribution?: Distribution;
}

/** The values of a histogram. */
export interface Distribution {
  readonly sum: number;
  /** How many values are at most so large, in ascending order. The last bound is `Infinity`. */
  readonly buckets: readonly (readonly [atMost: number, count: number])[];
}

/** What metrics of one name have in common. */
export type Family = Pick<Metric, 'name' | 'type' | 'unit' | 'help'>;

export function metric(
  family: Family,
  value: number,
  attributes: Readonly<Record<string, string>> = {},
): Metric {
  return { ...family, attributes, value };
}
