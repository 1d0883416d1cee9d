import { type Benchmark, limit, type Metric, type Target, times, type Unit } from '../benchmark.ts';

const thousandsPerSecond: Unit = { label: 'k/s', size: 1e3 };
const milliseconds: Unit = { label: 'ms', size: 1e-3 };
const microseconds: Unit = { label: 'µs', size: 1e-6 };
const ratio: Unit = { label: '×', size: 1 };

/** `amount` is the duration in seconds. */
function restart(name: string, title: string, beam: string, targets: readonly Target[]): Benchmark {
  return {
    name,
    programs: { reprise: 'restart/reprise.ts', beam },
    amount: 2,
    quickAmount: 0.05,
    metrics: [{ name: 'rate', title, unit: thousandsPerSecond, better: 'more', targets }],
  };
}

function phase(name: string, title: string): Metric {
  return { name, title, unit: milliseconds, better: 'less', targets: [times(1, 'beam')] };
}

const sizes = ['100', '1,000', '10,000', '100,000'];

/**
 * The ratio between 100,000 and 100 children of a cost that grows with the logarithm of their
 * number.
 */
const logarithmic = Math.log(100_000) / Math.log(100);

function curve(name: string, supervisor: string, kinds: readonly string[]): Benchmark {
  return {
    name,
    programs: { reprise: `${name}/reprise.ts`, beam: `${name}/beam.exs` },
    amount: 100_000,
    quickAmount: 1000,
    metrics: kinds.flatMap((kind) => curveOf(kind, supervisor)),
  };
}

/** Per operation; for a list of all children, per child. */
function curveOf(kind: string, supervisor: string): readonly Metric[] {
  const label = kind === 'whichChildren' ? 'whichChildren, a row' : kind;
  return [
    ...sizes.map((size, at): Metric => ({
      name: `${kind} ${at + 1}`,
      title: at === 0 ? `${supervisor}: ${label}, of ${size} children` : `… of ${size}`,
      unit: microseconds,
      better: 'less',
    })),
    {
      name: `${kind} growth`,
      title: '… of 100,000 to of 100',
      unit: ratio,
      better: 'less',
      targets: [limit(logarithmic)],
    },
  ];
}

export const supervisor: readonly Benchmark[] = [
  restart('restart', 'crash and restart, reported by child and supervisor', 'restart/beam.exs', [
    times(10, 'beam'),
  ]),
  restart(
    'restart-default',
    '… the BEAM as Elixir is set, by the child alone',
    'restart/beam-default.exs',
    [],
  ),
  {
    name: 'tree',
    programs: { reprise: 'tree/reprise.ts', beam: 'tree/beam.exs' },
    amount: 10_000,
    quickAmount: 100,
    metrics: [phase('start', 'start of 10,000 children'), phase('stop', 'ordered stop of them')],
  },
  curve('dynamic', 'DynamicSupervisor', [
    'startChild',
    'terminateChild',
    'restart',
    'countChildren',
    'whichChildren',
  ]),
  curve('static', 'Supervisor', [
    'startChild',
    'terminateChild',
    'deleteChild',
    'restart',
    'whichChildren',
  ]),
];
