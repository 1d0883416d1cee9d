import { assertThat } from '../arguments/assert.ts';

/**
 * All draws of one run, by the name of their stream. 0 is always the tame choice: the first in
 * line, no fault, no delay. A draw past the end of a stream is 0.
 */
export type Tape = Readonly<Record<string, readonly number[]>>;

/** @throws TypeError unless the option `name` is a tape */
export function assertTape(name: string, value: unknown): void {
  const expected = `Expected \`${name}\` to be a tape, lists of draws by the names of their streams`;
  assertThat(isTape(value), expected, value);
}

function isTape(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every(
      (draws) =>
        Array.isArray(draws) && draws.every((draw) => Number.isSafeInteger(draw) && draw >= 0),
    )
  );
}
