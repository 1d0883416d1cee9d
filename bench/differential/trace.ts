/**
 * The events of a program, one a line, in their order. The first word of a line names the process,
 * or the receiver and the sender (`1<0`); a line `step` ends the events of one step.
 */
export type Trace = readonly string[];

/** The events whose order is not guaranteed when they have several causes. */
const signals = ['EXIT', 'DOWN'];

/**
 * The trace in an order of its own, except where Erlang guarantees one: the events of one process,
 * or those from one process to another. Of several signals for one end, any may come first.
 * After `step unordered` this holds for the terminations in that step, too.
 */
export function normalized(trace: Trace): Trace {
  return stepsOf(trace).flatMap((step, index) => {
    const unordered = step.at(-1) === 'step unordered' ? [...signals, 'terminated'] : signals;
    return inGroups(step, unordered).map((line) => `${String(index).padStart(2)}  ${line}`);
  });
}

function stepsOf(trace: Trace): readonly Trace[] {
  const steps: string[][] = [[]];
  for (const line of trace) {
    steps.at(-1)?.push(line);
    if (line.startsWith('step')) {
      steps.push([]);
    }
  }
  return steps;
}

function inGroups(step: Trace, unordered: readonly string[]): Trace {
  const events = withoutLast(step.filter((line) => !line.startsWith('step')));
  const groups = Object.entries(Object.groupBy(events, (line) => line.split(' ')[0] as string));
  return groups
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([who, lines = []]) =>
      who === 'ends' ? lines.toSorted() : sortedRuns(lines, unordered),
    );
}

/**
 * Leaves out the messages that a process received in the step in which it ended: whether it takes a
 * message first is a question of the scheduler.
 */
function withoutLast(step: Trace): Trace {
  const ended = new Set(step.flatMap((line) => /^ends (\S+)/.exec(line)?.[1] ?? []));
  return step.filter((line) => {
    const [, who = '', event = ''] = /^(\S+)<\S+ (\S+)/.exec(line) ?? [];
    return !(ended.has(who) && ['message', 'took', ...signals].includes(event));
  });
}

/** Sorts each run of events whose second word is in `unordered`. */
function sortedRuns(lines: Trace, unordered: readonly string[]): Trace {
  const sorted: string[] = [];
  let run: string[] = [];
  for (const line of lines) {
    if (unordered.includes(line.split(' ')[1] ?? '')) {
      run.push(line);
    } else {
      sorted.push(...run.toSorted(), line);
      run = [];
    }
  }
  return [...sorted, ...run.toSorted()];
}
