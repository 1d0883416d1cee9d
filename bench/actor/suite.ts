import { type Benchmark, limit, type Metric, times, type Unit } from '../benchmark.ts';

const millionsPerSecond: Unit = { label: 'M/s', size: 1e6 };
const bytes: Unit = { label: 'B', size: 1 };
const megabytes: Unit = { label: 'MB', size: 1e6 };
const seconds: Unit = { label: 's', size: 1 };
const milliseconds: Unit = { label: 'ms', size: 1e-3 };
const ratio: Unit = { label: '×', size: 1 };

/** `amount` is the duration in seconds. */
function rate(
  name: string,
  title: string,
  targets: Metric['targets'] & {},
  programs: Benchmark['programs'],
): Benchmark {
  const metric: Metric = { name: 'rate', title, unit: millionsPerSecond, better: 'more', targets };
  return { name, programs, amount: 1, quickAmount: 0.05, metrics: [metric] };
}

function phase(name: string, title: string): Metric {
  return { name, title, unit: seconds, better: 'less' };
}

export const actor: readonly Benchmark[] = [
  rate('cast', 'cast from outside, batches of 10,000', [times(3, 'beam'), times(20, 'nact')], {
    reprise: 'cast/reprise.ts',
    beam: 'cast/beam.exs',
    nact: 'cast/nact.ts',
    xstate: 'cast/xstate.ts',
  }),
  // Each side uses its fastest form of process: a server here, a bare process on the BEAM.
  rate('ring', 'hop in a ring of 1,000 processes', [times(2, 'beam')], {
    reprise: 'ring/reprise.ts',
    beam: 'ring/beam.exs',
    nact: 'ring/nact.ts',
    xstate: 'ring/xstate.ts',
  }),
  rate('receive', 'hop in a ring of 1,000 that receive', [], {
    reprise: 'ring/receive.ts',
    beam: 'ring/beam.exs',
  }),
  rate('call', 'call and reply, one after the other', [times(1, 'beam'), times(4, 'nact')], {
    reprise: 'call/reprise.ts',
    beam: 'call/beam.exs',
    nact: 'call/nact.ts',
  }),
  rate('start-stop', 'start and stop of a server', [times(2, 'beam')], {
    reprise: 'start-stop/reprise.ts',
    beam: 'start-stop/beam.exs',
    nact: 'start-stop/nact.ts',
    xstate: 'start-stop/xstate.ts',
  }),
  {
    name: 'heap',
    programs: {
      reprise: 'heap/reprise.ts',
      beam: 'heap/beam.exs',
      nact: 'heap/nact.ts',
      xstate: 'heap/xstate.ts',
    },
    amount: 100_000,
    quickAmount: 1000,
    metrics: [
      {
        name: 'bytes',
        title: 'heap of an idle server',
        unit: bytes,
        better: 'less',
        targets: [limit(1000)],
      },
    ],
  },
  {
    name: 'million',
    programs: {
      reprise: 'million/reprise.ts',
      beam: 'million/beam.exs',
      nact: 'million/nact.ts',
    },
    amount: 1_000_000,
    quickAmount: 1000,
    metrics: [
      phase('start', '1,000,000 idle processes: start all'),
      phase('call', '… call each once'),
      phase('stop', '… stop all'),
      phase('total', '… in all'),
      {
        name: 'rss',
        title: '… peak RSS',
        unit: megabytes,
        better: 'less',
        targets: [limit(2e9)],
      },
      {
        name: 'pause',
        title: '… longest pause of the event loop',
        unit: milliseconds,
        better: 'less',
        // The time after which a callback that holds the thread is reported.
        targets: [limit(0.1)],
      },
    ],
  },
  {
    name: 'drain',
    programs: { reprise: 'drain/reprise.ts' },
    amount: 10_000_000,
    quickAmount: 10_000,
    metrics: [
      ...Array.from({ length: 10 }, (_, at) =>
        phase(`${at + 1}`, `mailbox of ${at + 1} M messages, drained`),
      ),
      {
        name: 'growth',
        title: '… a message of 10 M to one of 1 M',
        unit: ratio,
        better: 'less',
        targets: [limit(1.5)],
      },
    ],
  },
];
