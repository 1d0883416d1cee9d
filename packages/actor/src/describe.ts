import { describeOtherCopy } from './brand.ts';
import { forgottenAwait } from './maybe-promise.ts';
import { startOf } from './shown/clip.ts';
import { hasProxy, isError, methodOf, nameOfFunction, tagOf } from './shown/reading.ts';
import { defaultRedaction } from './shown/redaction.ts';
import { snapshot } from './shown/snapshot.ts';

/**
 * A value as an error message shows it: on one line, at most 120 characters, and such that its type
 * can be seen. Secrets are hidden, as in all reports. It never throws, whatever the value.
 * @example
 * ```ts
 * import { describe } from '@reprise/actor/text';
 *
 * console.log(`Expected a name, got ${describe(7)}`); // Expected a name, got 7
 * console.log(describe('7'), describe({ id: 1 })); // "7" {"id":1}
 * console.log(describe(new Map())); // an instance of Map
 * console.log(describe({ password: 'x' })); // {"password":"[redacted]"}
 * ```
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return oneLine(JSON.stringify(shown(value)));
    case 'function':
      return `${isClass(value) ? 'class' : 'function'} ${oneLine(nameOfFunction(value))}`;
    case 'object':
      return value === null ? 'null' : describeObject(value);
    case 'bigint':
      return oneLine(`${String(shown(value))}n`);
    case 'symbol':
      return oneLine(String(shown(value)));
    default:
      return String(value);
  }
}

/** A few more characters than are shown, since white space is removed. */
const limits = { characters: 400, depth: 4, entries: 20 };

function shown(value: unknown): unknown {
  return snapshot(value, defaultRedaction, limits);
}

function isClass(value: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function describeObject(value: object): string {
  if (hasProxy(value)) {
    return '[Proxy]';
  }
  const isPromise = methodOf(value, 'then') !== undefined;
  const text = isPromise ? forgottenAwait : describePlain(value);
  return oneLine(text) + describeOtherCopy(value);
}

function describePlain(value: object): string {
  const copy = shown(value);
  if (isError(value) || typeof copy === 'string') {
    // A pid, a URL, a date: a class of which each value has a text.
    return String(copy);
  }
  const name = Array.isArray(value) ? 'Object' : tagOf(value);
  const json = JSON.stringify(copy) ?? '{}';
  if (name === 'Object') {
    return json;
  }
  return json === '{}' || value instanceof Map || value instanceof Set
    ? `an instance of ${name}`
    : `${name} ${json}`;
}

function oneLine(text: string): string {
  const line = startOf(text, 1000).replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
