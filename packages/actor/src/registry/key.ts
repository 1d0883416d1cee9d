import { describe } from '../describe.ts';

/**
 * The key of a `Map` for a key of a registry: equal for equal keys. Arrays are equal by their
 * elements, at any depth; an array becomes a text. All other keys stay as they are.
 */
export function indexOf(key: unknown): unknown {
  if (typeof key === 'string') {
    // A text that could be that of an array is marked as a text.
    return key.startsWith(mark) ? mark + textOf(key, 0) : key;
  }
  return Array.isArray(key) ? mark + textOf(key, 0) : key;
}

/** The key as a registry or an address keeps it: the owner of an array may change it afterwards. */
export function ownKey(key: unknown): unknown {
  return Array.isArray(key) ? Object.freeze(key.map(ownKey)) : key;
}

const mark = '\0';

/** How many levels of arrays a key may have. An array can hold itself. */
const deepest = 100;

/** Each text tells where it ends: no two lists of elements have the same one. */
function textOf(element: unknown, depth: number): string {
  switch (typeof element) {
    case 'string':
      return `"${element.length}:${element}`;
    case 'bigint':
      return `${element}n;`;
    case 'object':
      return Array.isArray(element) ? textOfArray(element, depth) : textOfObject(element);
    case 'function':
    case 'symbol':
      return textOfObject(element);
    default:
      // `String` has one text for 0 and -0, and one for NaN, as a `Map` has one key.
      return `${String(element)};`;
  }
}

function textOfArray(elements: readonly unknown[], depth: number): string {
  if (depth === deepest) {
    throw new RangeError(`Expected a key of at most ${deepest} levels, got ${describe(elements)}`);
  }
  // Not `map`: that leaves holes out.
  return `[${Array.from(elements, (element) => textOf(element, depth + 1)).join('')}]`;
}

/** Numbers of values that equal only themselves. Weak: a number keeps no value in memory. */
const numbers = new WeakMap<WeakKey, number>();
let lastNumber = 0;

function textOfObject(value: object | symbol | null): string {
  if (value === null) {
    return 'null;';
  }
  if (typeof value === 'symbol') {
    const shared = Symbol.keyFor(value);
    if (shared !== undefined) {
      return `@${shared.length}:${shared}`;
    }
  }
  let number = numbers.get(value as WeakKey);
  if (number === undefined) {
    number = ++lastNumber;
    numbers.set(value as WeakKey, number);
  }
  return `#${number};`;
}
