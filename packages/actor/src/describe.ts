import { describeOtherCopy } from './brand.ts';
import { isThenable } from './maybe-promise.ts';

/**
 * A value as an error message shows it: on one line, at most 120 characters, and such that its type
 * can be seen.
 * @example
 * ```ts
 * import { describe } from '@reprise/actor/text';
 *
 * console.log(`Expected a name, got ${describe(7)}`); // Expected a name, got 7
 * console.log(describe('7'), describe({ id: 1 })); // "7" {"id":1}
 * console.log(describe(new Map())); // an instance of Map
 * ```
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return clip(JSON.stringify(value));
    case 'function':
      return `${isClass(value) ? 'class' : 'function'} ${value.name || '(anonymous)'}`;
    case 'object':
      return value === null ? 'null' : clip(describeObject(value)) + describeOtherCopy(value);
    case 'bigint':
      return `${value}n`;
    default:
      // A number, for example: JSON has neither NaN nor Infinity.
      return String(value);
  }
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function describeObject(value: object): string {
  try {
    if (value instanceof Error) {
      return String(value);
    }
    return isThenable(value) ? 'a promise: is an `await` missing?' : describePlain(value);
  } catch {
    // It holds a cycle or a bigint, or one of its methods throws.
    return tagOf(value);
  }
}

function describePlain(value: object): string {
  const json: string | undefined = JSON.stringify(value);
  // A pid, a URL, a date: a class of which each value has a text.
  if (json?.startsWith('"')) {
    return JSON.parse(json) as string;
  }
  const name = classOf(value);
  if (name === undefined) {
    return json ?? tagOf(value);
  }
  return json === undefined || json === '{}' ? `an instance of ${name}` : `${name} ${json}`;
}

/** The name of its class; `undefined` for a plain object or an array. */
function classOf(value: object): string | undefined {
  const { constructor } = value;
  const name = typeof constructor === 'function' ? constructor.name : '';
  // By name: an object may come from another realm, which has an `Object` of its own.
  return name === '' || name === 'Object' || Array.isArray(value) ? undefined : name;
}

function tagOf(value: object): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return '[object]';
  }
}

function clip(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
