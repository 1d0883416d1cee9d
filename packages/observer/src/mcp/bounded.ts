/** In bytes of JSON: an agent reads all of it. */
const longest = 24_000;

type Data = Readonly<Record<string, unknown>>;
type Finish = (kept: readonly unknown[]) => readonly unknown[];

/**
 * Data that is no longer than an agent can read: of its longest list the first items are kept, with
 * a count of the others and a hint.
 */
export function bounded(
  data: Data,
  name: string,
  hint: string,
  finish: Finish = (kept) => kept,
): Data {
  if (sizeOf(data) <= longest) {
    return data;
  }
  const [key, list] = longestList(data);
  const more = { leftOut: list.length, toSeeLess: hint, of: name };
  const room = longest - sizeOf({ ...data, [key]: [], ...more }) - spare;
  let [size, count] = [0, 0];
  for (const item of list) {
    size += sizeOf(item) + marked;
    if (size > room) {
      break;
    }
    count += 1;
  }
  const kept = finish(list.slice(0, count));
  return { ...data, [key]: kept, ...more, leftOut: list.length - count };
}

/** For what a row may be marked with. */
const marked = 20;
const spare = 200;

function longestList(data: Data): readonly [key: string, list: readonly unknown[]] {
  const lists = Object.entries(data).filter(([, value]) => Array.isArray(value));
  const [first = ['', []]] = lists.toSorted(([, a], [, b]) => sizeOf(b) - sizeOf(a));
  return first as [string, readonly unknown[]];
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
