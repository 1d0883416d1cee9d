import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { parser } from '@prometheus-io/lezer-promql';

import { metrics, metricsText, timed } from '../../src/metrics.ts';
import { drive } from '../support/driven.ts';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const root = join(import.meta.dirname, '../../../..');
const { panels } = JSON.parse(
  readFileSync(join(root, 'docs/observer/grafana.json'), 'utf8'),
) as Dashboard;
const targets = panels.flatMap((panel) => panel.targets ?? []);

/** The texts of all nodes of these kinds. */
function textsIn(expr: string, kinds: readonly string[]): readonly string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, type, from, to }) => {
      if (type.isError) {
        throw new SyntaxError(`Expected PromQL, got ${expr} at ${from}`);
      }
      if (kinds.includes(name)) {
        found.push(expr.slice(from, to));
      }
    },
  });
  return found;
}

/** The labels of each metric, as Prometheus reads them. */
function labelsByMetric(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const [, name = '', all = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const known = labels.get(name) ?? new Set();
    labels.set(name, known);
    for (const [, label = ''] of all.matchAll(/(\w+)="/g)) {
      known.add(label);
    }
  }
  return labels;
}

/** A program that has every metric: the handlers of its streams are timed. */
const driveTimed = () =>
  drive(
    metrics,
    timed(() => undefined, { eventTime: () => Date.now() }),
  );

test('MET-07 the dashboard asks for metrics and labels that there are, in PromQL', async () => {
  await using run = await driveTimed();
  const labels = labelsByMetric(metricsText(metrics(run.system), 'prometheus'));
  expect(targets.length).toBeGreaterThan(15);
  for (const { expr, legendFormat } of targets) {
    const [name = '', ...others] = textsIn(expr, ['Identifier']);
    expect([expr, others, labels.has(name)]).toStrictEqual([expr, [], true]);
    const used = textsIn(expr, ['LabelName']);
    const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    const unknown = [...used, ...shown].filter(
      (label = '') => labels.get(name)?.has(label) !== true,
    );
    expect([expr, unknown]).toStrictEqual([expr, []]);
  }
});

test('MET-07 the dashboard shows every metric', async () => {
  await using run = await driveTimed();
  const shown = new Set(targets.flatMap(({ expr }) => textsIn(expr, ['Identifier'])));
  const all = labelsByMetric(metricsText(metrics(run.system), 'prometheus')).keys();
  // Of a histogram, the buckets are enough.
  const others = [...all].filter((name) => !shown.has(name) && !/_(?:sum|count)$/.test(name));
  expect(others).toStrictEqual([]);
});
