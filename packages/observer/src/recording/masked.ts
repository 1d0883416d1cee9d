const longest = 200;

/** Ids, such as UUIDs and ULIDs, and numbers are `#`: crashes of one kind differ in them. */
export function masked(reason: string): string {
  return reason
    .slice(0, longest)
    .replaceAll(
      /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(?=[a-f]*\d)[0-9a-f]{8,}\b/gi,
      '#',
    )
    .replaceAll(/[\w-]{8,}/g, (word) => (isId(word) ? '#' : word))
    .replaceAll(/\d+(?:[.,]\d+)*/g, '#');
}

/**
 * An id mixes letters and digits: `worker12`, `sha256sum` and `order-17` do that less. A long one
 * may have few digits, and has both cases.
 */
function isId(word: string): boolean {
  const changes = word.match(/[a-z](?=\d)|\d(?=[a-z])/gi)?.length ?? 0;
  return changes > 2 || (word.length > 15 && isMixed(word));
}

function isMixed(word: string): boolean {
  return /\d[a-z]/i.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
}
