import type { Benchmark, Metric, Target } from './benchmark.ts';
import type { ContenderName, Rival } from './contender.ts';
import type { Outcome, Outcomes } from './rounds.ts';

/** A benchmark with its results. */
export interface Result {
  readonly name: string;
  /** Every sample. */
  readonly contenders: Readonly<Partial<Record<ContenderName, Outcome>>>;
  readonly metrics: readonly MetricResult[];
}

export interface MetricResult extends Metric {
  readonly medians: Readonly<Partial<Record<ContenderName, number>>>;
  /** How many times as good as each rival: the quotient of the medians; above 1 is better. */
  readonly ratios: Readonly<Partial<Record<Rival, number>>>;
  /**
   * The range of samples in proportion to their median, of the contender with the largest.
   */
  readonly spread: number;
  readonly verdicts: readonly Verdict[];
}

/** `isMet` is `undefined` where the rival was not measured. */
export interface Verdict {
  readonly target: Target;
  readonly isMet: boolean | undefined;
}

export function resultOf(benchmark: Benchmark, outcomes: Outcomes): Result {
  return {
    name: benchmark.name,
    contenders: Object.fromEntries(outcomes),
    metrics: benchmark.metrics.map((metric) => metricResultOf(metric, outcomes)),
  };
}

function metricResultOf(metric: Metric, outcomes: Outcomes): MetricResult {
  const values = [...outcomes]
    .map(([name, outcome]) => [name, readingsOf(outcome, metric.name)] as const)
    .filter(([, samples]) => samples.length > 0);
  const medians: MetricResult['medians'] = Object.fromEntries(
    values.map(([name, samples]) => [name, median(samples)]),
  );
  const ratios = ratiosOf(metric, medians);
  return {
    ...metric,
    medians,
    ratios,
    spread: Math.max(0, ...values.map(([, samples]) => spreadOf(samples))),
    verdicts: (metric.targets ?? []).map((target) => ({
      target,
      isMet: isMet(target, medians.reprise, ratios),
    })),
  };
}

/** Empty if the contender was not measured or does not have this figure. */
export function readingsOf(outcome: Outcome, name: string): readonly number[] {
  return outcome.type === 'measured'
    ? outcome.samples.map((readings) => readings[name]).filter((value) => value !== undefined)
    : [];
}

function ratiosOf(
  { better }: Metric,
  { reprise, ...rivals }: MetricResult['medians'],
): MetricResult['ratios'] {
  if (reprise === undefined) {
    return {};
  }
  return Object.fromEntries(
    Object.entries(rivals).map(([name, value]) => [
      name,
      better === 'more' ? reprise / value : value / reprise,
    ]),
  );
}

function isMet(
  target: Target,
  own: number | undefined,
  ratios: MetricResult['ratios'],
): boolean | undefined {
  if (target.type === 'limit') {
    return own === undefined ? undefined : own <= target.atMost;
  }
  const ratio = ratios[target.rival];
  return ratio === undefined ? undefined : ratio >= target.atLeast;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = Number.NaN, high = low] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return (low + high) / 2;
}

function spreadOf(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
