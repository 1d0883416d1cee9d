import { type Fault, type Figure, peakRss, startRss, written } from '../fault.ts';
import { lifeOf, type Observation } from '../observation.ts';
import { pour, stream } from '../stage.ts';

const line = { chunk: 'x'.repeat(2 ** 16), limit: 48 * 2 ** 20 };
const events = { chunk: `data: ${'x'.repeat(4096 - 8)}\n\n`, limit: 2 ** 27 };

const handled: Figure = {
  title: 'handled',
  unit: 'events',
  value: ({ last }) => last?.handled,
};

const atOnce: Figure = {
  title: 'in the handler at once',
  unit: 'events',
  value: ({ last }) => last?.atOnce,
};

/** More than a client can want to hold. */
export const volume: readonly Fault[] = [
  {
    name: 'long line',
    title: 'line of 48 MiB without an end',
    isAlone: true,
    play: () => (exchange) => {
      stream(exchange, 'data: ');
      return pour(exchange, line.chunk, line.limit);
    },
    outcome: (seen) => [hold(seen), lifeOf(seen)],
    figures: [written, startRss, peakRss],
  },
  {
    name: 'slow handler',
    title: 'handler of 5 ms, server as fast as it can',
    isAlone: true,
    order: () => ({ handling: 5 }),
    play: () => (exchange) => {
      stream(exchange);
      return pour(exchange, events.chunk, events.limit);
    },
    outcome: (seen) => [...brake(seen), lifeOf(seen)],
    figures: [written, handled, atOnce, startRss, peakRss],
  },
];

function hold({ requests: [first] }: Observation): string {
  const taken = megabytes(first?.written);
  if (first?.closedAt !== undefined) {
    return `ends after ${taken}`;
  }
  return taken === megabytes(line.limit) ? 'holds all of it' : `holds ${taken} so far`;
}

/** A handler that gets an event while it has another shows that the contender does not wait. */
function brake(seen: Observation): readonly string[] {
  if ((seen.last?.atOnce ?? 0) > 1) {
    return ['does not wait'];
  }
  // The kernel buffers some megabytes for each side; the client holds the rest.
  const isHeld = waiting(seen) > events.limit / 4;
  return [
    isHeld ? 'waits, but reads on' : 'brakes the server',
    `${megabytes(waiting(seen))} waiting`,
  ];
}

function waiting({ requests: [first], last }: Observation): number {
  return (first?.written ?? 0) - (last?.handled ?? 0) * events.chunk.length;
}

function megabytes(bytes = 0): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
