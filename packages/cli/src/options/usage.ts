import { readFileSync } from 'node:fs';

import { redact } from '@reprise/actor/text';

/** Wrong arguments. The message says what was expected, and what was given. */
export class UsageError extends Error {}

export function expected(expectation: string, got: string): UsageError {
  return new UsageError(`Expected ${expectation}, got ${JSON.stringify(redact(got))}`);
}

/** The content of the file that a flag names; `-` is stdin. */
export function readFile(flag: string, path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (error) {
    throw new UsageError(
      `Expected ${flag} to name a file that can be read, got ${JSON.stringify(path)} (${(error as Error).message})`,
    );
  }
}

export function wholeNumber(
  flag: string,
  text: string | undefined,
  least: number = 1,
  most: number = Infinity,
): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const number = /^\d+$/.test(text) ? Number(text) : -1;
  if (!Number.isSafeInteger(number) || number < least || number > most) {
    const end = most < Infinity ? `to ${most}` : 'on';
    throw expected(`${flag} to be a whole number from ${least} ${end}`, text);
  }
  return number;
}

/** The flag has seconds. */
export function milliseconds(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const seconds = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0;
  if (seconds <= 0) {
    throw expected(`${flag} to be seconds above 0, such as 2 or 0.5`, text);
  }
  return seconds * 1000;
}

type Defined<Value> = { [Key in keyof Value]?: Exclude<Value[Key], undefined> };

/** The object without the fields that are `undefined`. */
export function defined<Value extends object>(value: Value): Defined<Value> {
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries) as Defined<Value>;
}
