import type { Contender } from './contenders.ts';
import type { Fault } from './fault.ts';
import type { Observation } from './observation.ts';

/** The result of a contender at a fault. */
export type Result =
  | {
      readonly type: 'seen';
      readonly contender: Contender;
      /** Short phrases. */
      readonly outcome: readonly string[];
      /** In the order of the fault's figures. */
      readonly values: readonly (number | undefined)[];
    }
  | { readonly type: 'cannotRun'; readonly contender: Contender; readonly reason: string };

export interface Row {
  readonly fault: Fault;
  readonly results: readonly Result[];
}

/** One figure of one contender, for programs. */
export interface Line {
  readonly bench: 'rivals-faults';
  readonly work: string;
  readonly contender: string;
  readonly value: number | null;
  readonly unit: string;
  /** The value divided by that of `reprise`. */
  readonly ratio: number | null;
  /** The outcome in words; the same for all figures of the fault. */
  readonly outcome: string;
}

export function seen(
  contender: Contender,
  fault: Fault,
  observation: Observation,
  twin: Observation,
): Result {
  return {
    type: 'seen',
    contender,
    outcome: fault.outcome(observation, twin, contender),
    values: fault.figures.map((figure) => figure.value(observation)),
  };
}

/** A fault without figures has one line a contender, without a value. */
export function linesOf({ fault, results }: Row): readonly Line[] {
  const figures = fault.figures.length === 0 ? [{ title: '', unit: '' }] : fault.figures;
  const own = results.find(({ contender }) => contender.name === 'reprise');
  return figures.flatMap(({ title, unit }, at) =>
    results.map((result) => ({
      bench: 'rivals-faults',
      work: title === '' ? fault.title : `${fault.title}: ${title}`,
      contender: result.contender.name,
      value: valueOf(result, at) ?? null,
      unit,
      ratio: quotient(valueOf(result, at), own && valueOf(own, at)),
      outcome: wordsOf(result).join(', '),
    })),
  );
}

export function valueOf(result: Result, at: number): number | undefined {
  return result.type === 'seen' ? result.values[at] : undefined;
}

function wordsOf(result: Result): readonly string[] {
  return result.type === 'seen' ? result.outcome : ['CANNOT RUN', result.reason];
}

function quotient(value: number | undefined, own: number | undefined): number | null {
  return value === undefined || own === undefined || own === 0 ? null : value / own;
}
