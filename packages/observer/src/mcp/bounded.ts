import { shorter, shortenings } from './shorter.ts';

/** In bytes of JSON: an agent reads all of it. */
const longest = 24_000;

type Data = Readonly<Record<string, unknown>>;
type List = readonly unknown[];
type Finish = (kept: List) => List;

/**
 * Data that is no longer than an agent can read, with a count of what is left out and a hint. The
 * lists in it share the room: of each the first items are kept. Where an item has no room at all,
 * its texts and the lists in it are shortened.
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
  const more = { toSeeLess: hint, of: name };
  for (const shortening of shortenings) {
    const short = { ...(shorter(data, shortening) as Data), ...more };
    const [whole, isAnyEmpty] = withFewer(short, finish);
    if (sizeOf(whole) <= longest && (!isAnyEmpty || shortening === shortenings.at(-1))) {
      return whole;
    }
  }
  return withoutLargest({ ...(shorter(data, shortenings.at(-1)) as Data), ...more, leftOut: 0 });
}

/** For what a row may be marked with. */
const marked = 20;
const spare = 200;

/** As many items as there is room for, and whether a list has lost all of them. */
function withFewer(data: Data, finish: Finish): readonly [data: Data, isAnyEmpty: boolean] {
  const lists = listsIn(data).toSorted((a, b) => sizeOf(a) - sizeOf(b));
  const none = new Map(lists.map((list): [List, List] => [list, []]));
  let room = longest - spare - sizeOf(withLists(data, none));
  const kept = new Map<List, List>();
  for (const [at, list] of lists.entries()) {
    const [items, size] = firstOf(list, room / (lists.length - at));
    kept.set(list, items);
    room -= size;
  }
  const leftOut = lists.reduce((sum, list) => sum + list.length - lengthOf(kept.get(list)), 0);
  const isAnyEmpty = lists.some((list) => list.length > 0 && lengthOf(kept.get(list)) === 0);
  const finished = new Map(Array.from(kept, ([list, items]) => [list, finish(items)]));
  return [{ ...withLists(data, finished), leftOut }, isAnyEmpty];
}

function lengthOf(list: List | undefined): number {
  return list?.length ?? 0;
}

/** The first items that have room, and how much they take. */
function firstOf(list: List, room: number): readonly [items: List, size: number] {
  let [size, count] = [0, 0];
  for (const item of list) {
    const next = size + sizeOf(item) + marked;
    if (next > room) {
      break;
    }
    size = next;
    count += 1;
  }
  return [list.slice(0, count), size];
}

/** All lists that are in no other list. */
function listsIn(data: object): readonly List[] {
  return Object.values(data).flatMap((value: unknown) => {
    if (Array.isArray(value)) {
      return [value as List];
    }
    return typeof value === 'object' && value !== null ? listsIn(value) : [];
  });
}

function withLists(data: Data, lists: ReadonlyMap<List, List>): Data {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      if (Array.isArray(value)) {
        return [key, lists.get(value)];
      }
      const isObject = typeof value === 'object' && value !== null;
      return [key, isObject ? withLists(value as Data, lists) : value];
    }),
  );
}

/** A state can have many fields, and few lists. */
function withoutLargest(data: Data): Data {
  const sizes = Object.entries(data).map(([key, value]) => [key, sizeOf(value)] as const);
  const [[key, size] = ['', 0]] = sizes.toSorted(([, a], [, b]) => b - a);
  const rest = { ...data, [key]: `… (${size} bytes)` };
  return sizeOf(rest) <= longest ? rest : withoutLargest(rest);
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}
