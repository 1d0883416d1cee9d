import { type Command, InvalidArgumentError } from 'commander';

/** The options that all suites have. */
export interface Options {
  readonly json?: boolean;
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly busy?: boolean;
}

/** `rounds` is the default, for `--help`. */
export function addOptions(command: Command, rounds: number): Command {
  return command
    .option('--json', 'print one JSON document: { machine, …, results: […] }')
    .option('--rounds <N>', `how often each program runs (default: ${rounds})`, wholeNumber)
    .option('--busy', 'measure although other programs use the machine')
    .option('--quick', 'hardly any work, once: does everything still run?');
}

/** Parses an argument of the command line. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) {
    throw new InvalidArgumentError(`Expected a number above 0, got ${text}`);
  }
  return value;
}

/** Parses an argument of the command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError(`Expected a whole number from 1 on, got ${text}`);
  }
  return value;
}
