import { type DrawCount, type Failure, placesIn } from '../run/failure.ts';
import { formatTrace } from '../trace/text.ts';

/** A failure, shrunk, with the run in which it was found. Plain data. */
export interface Report {
  /** The name of the model; `program` for a plain program. */
  readonly model: string;
  readonly failure: Failure;
  /** The draws of the run in which it was found. */
  readonly found: DrawCount;
  /** How many runs the shrinking took; 0 if it was not shrunk. */
  readonly runs: number;
}

export interface FormatOptions {
  /** The command or call that runs it again. */
  readonly replay: string;
  /** How many steps are shown: the last ones. */
  readonly steps: number;
}

/** A page: the failure, the way to run it again, and its steps. */
export function formatReport(report: Report, { replay, steps }: FormatOptions): string {
  const { failure, model } = report;
  const isLost = failure.steps === 0;
  const rows: readonly (readonly [string, string])[] = [
    ['model', model],
    ['seed', `${failure.seed ?? 'none'}: ${failure.kind}${isLost ? '' : runOf(failure)}`],
    ...(isLost ? [] : [['draws', drawsLine(report)] as const]),
    ...(isLost ? [] : [['tape', tapeLine(failure)] as const]),
    ['replay', replay],
  ];
  return [
    `${failure.message}${placeLines(failure)}`,
    rows.map(([name, value]) => `  ${name.padEnd(7)}${value}`).join('\n'),
    ...(isLost ? [] : [formatTrace(failure.trace, steps)]),
  ].join('\n\n');
}

function runOf({ order, steps, hash }: Failure): string {
  const turns =
    order === 'oldest'
      ? "turns in production's order"
      : `turns in another order than production's (${order})`;
  return ` after ${steps} steps, ${turns}, hash ${hash}`;
}

function drawsLine({ failure, found, runs }: Report): string {
  const { draws } = failure;
  return `${inWords(found)}${runs === 0 ? '' : `; after shrinking ${inWords(draws)} (${runs} runs)`}`;
}

function inWords({ all, wild }: DrawCount): string {
  return `${all}, ${wild} of them not 0`;
}

function tapeLine({ tape }: Failure): string {
  const json = JSON.stringify(tape);
  return json.length <= longestTape ? json : `${json.slice(0, longestTape)} …`;
}

/** Where it was thrown, innermost first. */
function placeLines({ stack = '' }: Failure): string {
  return placesIn(stack)
    .slice(0, 4)
    .map((line) => `\n${line}`)
    .join('');
}

const longestTape = 1000;
