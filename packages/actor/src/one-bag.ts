import { describe } from './describe.ts';

/**
 * Refuses an argument after the last: options in an object of their own, where all belong into one,
 * would be ignored.
 * @throws TypeError that shows the argument
 */
export function assertOneBag(name: string, given: ArrayLike<unknown>, length: number): void {
  const more = given[length];
  if (more !== undefined) {
    throw new TypeError(
      `Expected all options of ${name} in one object, got ${describe(more)} in another`,
    );
  }
}
