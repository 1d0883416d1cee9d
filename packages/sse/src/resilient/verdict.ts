import { assertOneOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { describeRefused } from '../maybe-promise.ts';
import type { Verdict } from './policy.ts';

/** Another attempt, in so many ms, whatever the delays and the server say. */
export interface RetryAfter {
  readonly retryAfter: number;
}

/**
 * Checks an answer of `classify`; `undefined` is the verdict that it was given.
 * @throws TypeError for anything but a verdict or `{ retryAfter }`; RangeError for a time that is
 * negative or not finite.
 */
export function assertVerdict(answer: Verdict | RetryAfter | undefined): void {
  const isObject = typeof answer === 'object' && answer !== null;
  if (isObject && 'retryAfter' in answer) {
    assertWait(answer.retryAfter);
  } else if (isObject) {
    throw new TypeError(`Expected classify to return a verdict, got ${describeRefused(answer)}`);
  } else if (answer !== undefined) {
    assertOneOf('Expected classify to return { retryAfter } or', answer, verdicts);
  }
}

/**
 * The answer of a predicate such as `until`. A promise would count as no, whatever it resolves to.
 * @throws TypeError for an answer that is neither true nor false, nor left out.
 */
export function isTrue(name: string, answer: unknown): boolean {
  if (answer !== undefined && typeof answer !== 'boolean') {
    throw new TypeError(`Expected ${name} to return true or false, got ${describeRefused(answer)}`);
  }
  return answer === true;
}

function assertWait(ms: number): void {
  if (!(ms >= 0 && Number.isFinite(ms))) {
    throw new RangeError(
      `Expected classify to return retryAfter in ms, from 0 on, got ${describe(ms)}`,
    );
  }
}

const verdicts: readonly Verdict[] = ['retry', 'refresh', 'end', 'fatal'];
