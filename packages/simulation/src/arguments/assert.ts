import { describe } from '@reprise/actor/text';

/** @throws TypeError that begins with `expected`, and shows the value */
export function assertThat(isRight: boolean, expected: string, value: unknown): void {
  if (!isRight) {
    throw new TypeError(`${expected}, got ${describe(value)}`);
  }
}

/**
 * @throws TypeError unless `value` is a function; `owner`: the thing that the function belongs to
 */
export function assertFunction(owner: string, value: unknown): void {
  assertThat(typeof value === 'function', `Expected ${owner} to be a function`, value);
}

/** @throws TypeError unless `value` is a text that is not empty */
export function assertName(owner: string, value: unknown): void {
  const isName = typeof value === 'string' && value !== '';
  assertThat(isName, `Expected ${owner} to be a text that is not empty`, value);
}

/** @throws TypeError unless `value` is `undefined` or a boolean */
export function assertBoolean(name: string, value: unknown): void {
  const isRight = value === undefined || typeof value === 'boolean';
  assertThat(isRight, `Expected \`${name}\` to be true or false`, value);
}

/** @throws TypeError unless `value` is `undefined` or a whole number from `least` on */
export function assertWhole(name: string, value: unknown, least: number): void {
  const isRight = value === undefined || (Number.isSafeInteger(value) && Number(value) >= least);
  assertThat(isRight, `Expected \`${name}\` to be a whole number from ${least} on`, value);
}

/** @throws TypeError unless `value` is a time in ms, from 0 on */
export function assertTime(owner: string, value: unknown): void {
  const isTime = Number.isFinite(value) && Number(value) >= 0;
  assertThat(isTime, `Expected ${owner} to be a number of milliseconds from 0 on`, value);
}
