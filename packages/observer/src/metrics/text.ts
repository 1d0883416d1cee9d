import { assertOneOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import type { Metric } from './metric.ts';

/** `prometheus`: the text format 0.0.4. `openmetrics`: OpenMetrics 1.0. */
export type TextFormat = 'prometheus' | 'openmetrics';

const formats: readonly TextFormat[] = ['prometheus', 'openmetrics'];

/**
 * Metrics as text for Prometheus. Names and units are changed as its conventions ask:
 * `reprise.process.busy` in `s` is `reprise_process_busy_seconds_total`.
 * @throws TypeError for anything but metrics, and for another format
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @example
 * ```ts
 * import { createTestSystem } from '@reprise/actor/testing';
 * import { metrics, metricsText } from '@reprise/observer/metrics';
 *
 * const system = createTestSystem();
 * console.log(metricsText(metrics(system), 'openmetrics').split('\n')[2]); // reprise_processes 1
 * await system.stop();
 * ```
 */
export function metricsText(all: readonly Metric[], format: TextFormat): string {
  if (!Array.isArray(all) || !all.every(isMetric)) {
    throw new TypeError(`Expected the metrics of metrics(system), got ${describe(all)}`);
  }
  assertOneOf('Expected the format to be', format, formats);
  const families = Map.groupBy(all, ({ name }) => name);
  const blocks = Array.from(families.values(), (members) => blockOf(members, format));
  return `${blocks.join('')}${format === 'openmetrics' ? '# EOF\n' : ''}`;
}

function isMetric(value: unknown): boolean {
  const { name, help, attributes } = Object(value) as Partial<Metric>;
  return typeof name === 'string' && typeof help === 'string' && typeof attributes === 'object';
}

/** One block for a family: its head, and a line for each metric. */
function blockOf(members: readonly Metric[], format: TextFormat): string {
  const [first] = members;
  if (first === undefined) {
    return '';
  }
  const { type, unit, help } = first;
  const suffix = suffixes.get(unit);
  const family = withSuffix(first.name.replaceAll('.', '_'), suffix);
  const name = type === 'counter' ? `${family}_total` : family;
  const head = format === 'openmetrics' ? family : name;
  return [
    `# HELP ${head} ${help}.`,
    `# TYPE ${head} ${type}`,
    ...(format === 'openmetrics' && suffix !== undefined ? [`# UNIT ${head} ${suffix}`] : []),
    ...members.flatMap((member) => linesOf(name, member)),
    '',
  ].join('\n');
}

function linesOf(name: string, { attributes, value, distribution }: Metric): readonly string[] {
  if (distribution === undefined) {
    return [`${name}${labelsOf(attributes)} ${numberText(value)}`];
  }
  const { sum, buckets } = distribution;
  return [
    ...buckets.map(
      ([atMost, count]) =>
        `${name}_bucket${labelsOf({ ...attributes, le: boundText(atMost) })} ${count}`,
    ),
    `${name}_sum${labelsOf(attributes)} ${numberText(sum)}`,
    `${name}_count${labelsOf(attributes)} ${value}`,
  ];
}

function numberText(value: number): string {
  return Math.abs(value) === Infinity ? `${value > 0 ? '+' : '-'}Inf` : String(value);
}

/** OpenMetrics wants a point in each bound: `le="1"` and `le="1.0"` are two series. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : numberText(bound);
}

function withSuffix(name: string, suffix: string | undefined): string {
  return suffix === undefined || name.endsWith(`_${suffix}`) ? name : `${name}_${suffix}`;
}

/** Units in braces say what is counted, and stand in no name. */
const suffixes: ReadonlyMap<string, string> = new Map([
  ['s', 'seconds'],
  ['By', 'bytes'],
]);

function labelsOf(attributes: Metric['attributes']): string {
  const labels = Object.entries(attributes).map(
    ([name, value]) => `${name.replaceAll('.', '_')}="${escaped(value)}"`,
  );
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

/** A lone surrogate is no text in UTF-8. */
function escaped(value: string): string {
  return value
    .toWellFormed()
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}
