import { describe } from './describe.ts';

/**
 * Throws a `TypeError` that begins with `expected` unless `value` is one of those allowed. The
 * error names the nearest of them for a misspelt value.
 */
export function assertOneOf(expected: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    const list = allowed.map((one) => JSON.stringify(one)).join(' or ');
    throw new TypeError(`${expected} ${list}, got ${describe(value)}${suggestion(value, allowed)}`);
  }
}

/** A misspelt word has at most so many wrong letters; a swap of two letters counts as two. */
const maxDistance = 2;

function suggestion(value: unknown, allowed: readonly unknown[]): string {
  // The length is bounded first: the distance takes time in proportion to it.
  const given = typeof value === 'string' && value.length <= 40 ? wordOf(value) : undefined;
  const near = allowed.find(
    (one) =>
      given !== undefined && typeof one === 'string' && distance(given, wordOf(one)) <= maxDistance,
  );
  return near === undefined ? '' : `: did you mean ${JSON.stringify(near)}?`;
}

/** Without the marks in which spellings differ: `one_for_one` is Erlang's `oneForOne`. */
function wordOf(text: string): string {
  return text.replaceAll(/[-_\s]/g, '').toLowerCase();
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const letter of a) {
    let corner = row[0] ?? 0;
    const next = [corner + 1];
    for (let index = 0; index < b.length; index++) {
      const above = row[index + 1] ?? 0;
      next.push(
        Math.min(above + 1, (next[index] ?? 0) + 1, corner + (letter === b[index] ? 0 : 1)),
      );
      corner = above;
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
