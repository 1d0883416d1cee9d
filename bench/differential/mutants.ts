import type { Trace } from './trace.ts';

/** Changes the trace of our side, as a fault of the library would. */
export type Mutant = (trace: Trace) => Trace;

/** For the test of the comparison itself: each of these is found. */
export const mutants: Readonly<Record<string, Mutant>> = {
  /** A process that ends does not tell those that monitor it. */
  lostDown: (trace) => trace.filter((line) => !/^\d+<\S+ DOWN/.test(line)),
  /** A link passes `kill` on, which no process can trap. */
  kill: (trace) => trace.map((line) => line.replace('EXIT killed', 'EXIT kill')),
  /** `unlink` works in one direction only. */
  lostLink: (trace) => trace.map((line) => line.replace(/links \[(\d),.*\]/, 'links [$1]')),
  /** A supervisor that gives up ends as if all were well. */
  giveUp: (trace) =>
    trace.map((line) => line.replace(/^ends (s\d#\d+) shutdown$/, 'ends $1 normal')),
  /** A supervisor stops its children in the order in which it started them. */
  stopOrder: (trace) => {
    const first = trace.findIndex((line, at) => nextTermination(trace, at, line) !== undefined);
    const [one = ''] = trace.slice(first, first + 1);
    const other = nextTermination(trace, first, one);
    return other === undefined ? trace : trace.with(first, trace[other] as string).with(other, one);
  },
  /** A server that crashes does not run `terminate`. */
  terminate: (trace) => trace.filter((line) => !line.startsWith('server terminate error')),
  /** A reply that comes after the callback has gone on is lost. */
  lateReply: (trace) => trace.filter((line) => !/^client\d+ got 2/.test(line)),
};

/** Where the same supervisor has stopped another child in the same step. */
function nextTermination(trace: Trace, at: number, line: string): number | undefined {
  const [who, event] = line.split(' ');
  const end = trace.findIndex((each, index) => index > at && each.startsWith('step'));
  const next = trace.findIndex(
    (each, index) => index > at && index < end && each.startsWith(`${who} terminated`),
  );
  return event === 'terminated' && next > at ? next : undefined;
}
