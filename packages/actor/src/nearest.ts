/**
 * The name among `known` that a misspelt one most probably means; `undefined` when none is near
 * enough.
 */
export function nearest(given: unknown, known: readonly unknown[]): string | undefined {
  // The length is bounded first: the distance takes time in proportion to it.
  if (typeof given !== 'string' || given.length > 40) {
    return undefined;
  }
  let found: string | undefined;
  let least = Math.min(maxDistance, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const away = typeof name === 'string' ? distance(wordOf(given), wordOf(name)) : Infinity;
    if (away < least) {
      found = name as string;
      least = away;
    }
  }
  return found;
}

/**
 * A misspelt name has at most so many letters that are wrong, missing, too many or swapped, and not
 * more than a third of all.
 */
const maxDistance = 2;

/** Without the marks in which spellings differ: `one_for_one` is Erlang's `oneForOne`. */
function wordOf(text: string): string {
  return text.replaceAll(/[-_\s]/g, '').toLowerCase();
}

/** Levenshtein's distance, in which a swap of two letters that are neighbours counts as one. */
function distance(a: string, b: string): number {
  let older: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(
          at(row, j) + 1,
          at(next, j - 1) + 1,
          at(row, j - 1) + (isSame ? 0 : 1),
          isSwap ? at(older, j - 2) + 1 : Infinity,
        ),
      );
    }
    older = row;
    row = next;
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
