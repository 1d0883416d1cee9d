/** How long each text may be, and each list within an item of another list. */
interface Shortening {
  readonly characters: number;
  readonly entries: number;
}

/** From the mildest on. */
export const shortenings: readonly Shortening[] = [
  { characters: Infinity, entries: Infinity },
  { characters: 2000, entries: 100 },
  { characters: 500, entries: 20 },
  { characters: 100, entries: 5 },
];

/**
 * A copy of data whose texts are cut, and say so. Of the lists within an item, such as the phases
 * of a stream, the newest entries are kept: they are the last.
 */
export function shorter(
  value: unknown,
  limit: Shortening = { characters: 0, entries: 0 },
  isInItem = false,
): unknown {
  if (typeof value === 'string') {
    return cut(value, limit.characters);
  }
  if (Array.isArray(value)) {
    const kept = isInItem ? value.slice(-limit.entries) : value;
    const items = kept.map((item) => shorter(item, limit, true));
    const left = value.length - kept.length;
    return left === 0 ? items : [`… ${left} older`, ...items];
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, shorter(one, limit, isInItem)]),
      )
    : value;
}

function cut(text: string, limit: number): string {
  return text.length <= limit
    ? text
    : `${text.slice(0, limit).toWellFormed()}… (${text.length} characters)`;
}
