import { replayedMessage, type Replayed } from '../corpus/replay.ts';
import { formatReport, type Report } from '../report/report.ts';
import { type FirstDifference, formatDifference } from '../run/divergence.ts';
import type { Tally } from '../run/tally.ts';
import { formatTrace } from '../trace/text.ts';
import type { TraceEntry } from '../trace/trace.ts';
import { pathOf } from './again.ts';
import type { CommandOptions, Print } from './options.ts';

/** A model of which all seeds were run. */
export interface ModelFigures {
  readonly name: string;
  readonly tally: Tally;
  /** How many seeds failed. */
  readonly failed: number;
  /** How long it took, in ms. */
  readonly time: number;
}

/** A mutant, and how the model did. */
export interface MutantFigures {
  readonly model: string;
  readonly mutant: string;
  readonly within: number;
  /** The seed that failed; `undefined`: none. */
  readonly seed: number | undefined;
  /** How it failed, or why that says nothing. */
  readonly message: string;
}

/** The output of the command, for a person or as one JSON object a line. */
export class Output {
  readonly #print: Print;
  readonly #isJson: boolean;
  readonly #steps: number;

  constructor({ json, trace }: Pick<CommandOptions, 'json' | 'trace'>, print: Print) {
    this.#print = print;
    this.#isJson = json;
    this.#steps = trace ? Infinity : shownSteps;
  }

  report(report: Report, replay: string): void {
    this.#write(
      { type: 'failure', ...report, replay },
      () => `\n${formatReport(report, { replay, steps: this.#steps })}\n`,
    );
  }

  /** A tape that did not fail. */
  replayed(path: string, replayed: Exclude<Replayed, { readonly type: 'fails' }>): void {
    const message = replayedMessage(replayed);
    this.#write({ type: replayed.type, tape: path, message }, () => `${pathOf(path)} ${message}`);
  }

  model(figures: ModelFigures): void {
    const { name, tally, failed } = figures;
    const { seeds, steps, reached, escapes, fingerprint } = tally;
    this.#write(
      {
        type: 'model',
        model: name,
        seeds,
        seedsAMinute: rateOf(figures),
        steps,
        failed,
        fingerprint,
        escapes: [...escapes],
        sometimes: Object.fromEntries(reached),
      },
      () => modelLine(figures),
    );
  }

  /** A tape that fails, by other steps than those that were recorded. */
  changed(path: string, difference: FirstDifference): void {
    const message = `is of another version: it fails by other steps, from ${formatDifference(difference)}`;
    this.#write({ type: 'changed', tape: path, message }, () => `${pathOf(path)} ${message}`);
  }

  /** The steps of a run in which nothing failed. */
  steps(trace: readonly TraceEntry[]): void {
    this.#write({ type: 'trace', trace }, () => formatTrace(trace, this.#steps));
  }

  mutant(figures: MutantFigures): void {
    this.#write({ type: 'mutant', ...figures }, () => mutantLine(figures));
  }

  problem(message: string): void {
    this.#write({ type: 'problem', message }, () => message);
  }

  #write(json: object, text: () => string): void {
    this.#print(this.#isJson ? JSON.stringify(json) : text());
  }
}

/** How many of the last steps are shown. */
const shownSteps = 50;

function rateOf({ tally: { seeds }, time }: ModelFigures): number {
  return Math.round((seeds / Math.max(time, 1)) * 60_000);
}

function modelLine(figures: ModelFigures): string {
  const { name, tally, failed } = figures;
  const { seeds, steps, reached, escapes, fingerprint } = tally;
  const sometimes = [...reached].map(
    ([condition, times]) => `${condition} ${Math.round((100 * times) / Math.max(seeds, 1))} %`,
  );
  return [
    name.padEnd(24),
    `${inGroups(seeds).padStart(9)} seeds`,
    `${inGroups(rateOf(figures)).padStart(8)} a minute`,
    `${inGroups(Math.round(steps / Math.max(seeds, 1))).padStart(6)} steps each`,
    `${failed} failed`,
    fingerprint,
    ...sometimes,
    ...[...escapes].map((kind) => `outside: ${kind}`),
  ].join('  ');
}

function mutantLine({ model, mutant, within, seed, message }: MutantFigures): string {
  const caught = seed === undefined ? 'NOT CAUGHT' : `caught by seed ${seed}`;
  return `${model.padEnd(24)}  ${caught.padEnd(22)}  (limit ${within})  ${mutant}: ${message}`;
}

function inGroups(number: number): string {
  return number.toLocaleString('en');
}
