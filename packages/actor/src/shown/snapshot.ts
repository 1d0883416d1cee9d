import { isForeign } from '../brand.ts';
import {
  byteLengthOf,
  isLarge,
  methodOf,
  hasProxy,
  nameOfFunction,
  sizeOf,
  tagOf,
  textOfBoxed,
  textOfError,
} from './reading.ts';
import { defaultRedaction, redacted, type Redaction } from './redaction.ts';

export interface Limits {
  /** How many characters all of it may have, as JSON; that escapes some is not counted. */
  readonly characters: number;
  /** How many levels of objects are shown. */
  readonly depth: number;
  /** How many entries of each object. */
  readonly entries: number;
  /** How many characters one text may have. Default: as many as all together. */
  readonly text?: number;
  /**
   * For a copy that calls nothing of a user's code: how values of the platform's classes are read.
   * Default: `toJSON` of a class may be called, and getters of errors.
   */
  readonly textOf?: (value: object) => string | null | undefined;
}

const usual: Limits = { characters: 2000, depth: 6, entries: 50 };

/**
 * A copy of any value as plain data that JSON can hold, made to be printed. Its cost is bounded
 * before it begins: by depth, entries and characters. Bytes are named by their size. It holds
 * nothing that the redaction hides, calls no trap of a proxy, and never throws.
 *
 * Of a user's code it only calls `toJSON`, which says how an object wants to be shown, and getters
 * of the name and the message of an error. V8 has no
 * way to list only the first keys of an object: an object with a million keys of its own costs one
 * `Object.keys`, and ends the copy. A `Map` of any size costs nothing.
 */
export function snapshot(
  value: unknown,
  redaction: Redaction = defaultRedaction,
  limits: Limits = usual,
): unknown {
  return new Snapshot(redaction, limits).of(value);
}

/** One copy. */
export class Snapshot {
  readonly #redaction: Redaction;
  readonly #limits: Limits;
  readonly #above: object[] = [];
  /** The names of the fields that lead to the value. */
  readonly #names: string[] = [];
  #left: number;
  /** Whether a part of the value is not shown, or not as it is. */
  isPartial = false;

  constructor(redaction: Redaction, limits: Limits = usual) {
    this.#redaction = redaction;
    this.#limits = limits;
    this.#left = limits.characters;
  }

  of(value: unknown): unknown {
    return this.#of(value);
  }

  /** The value of a field of this name. */
  field(name: string, value: unknown): unknown {
    return this.#ofField(name, value, '');
  }

  /** The fields of an object of any class, except some. */
  fieldsOf(value: object, except: ReadonlySet<string>): object {
    return this.#below(value, () => this.#ofRecord(value, except));
  }

  /** A text as it is shown: its start, without secrets. */
  text(text: string): string {
    const limit = Math.max(0, Math.min(this.#left, this.#limits.text ?? Infinity));
    const shown = this.#redaction.clip(text, limit);
    this.isPartial ||= shown !== text;
    this.#left -= shown.length + around;
    return shown;
  }

  #of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'object':
        return value === null ? this.#plain(value) : this.#ofObject(value);
      case 'function':
        return this.#partial(`[function ${this.text(nameOfFunction(value))}]`);
      case 'symbol':
        return this.text(String(value));
      case 'bigint':
        return isLarge(value) ? this.#partial('[large bigint]') : this.text(String(value));
      default:
        return this.#plain(value);
    }
  }

  #ofObject(value: object): unknown {
    if (hasProxy(value)) {
      return this.#partial('[Proxy]');
    }
    if (this.#above.includes(value)) {
      return this.#partial('[circular]');
    }
    try {
      const known = this.#ofKnown(value);
      return known === unknown ? this.#ofEntries(value) : known;
    } catch {
      return this.#partial('[unreadable]');
    }
  }

  /** The classes of the platform whose content is not in their keys. */
  #ofKnown(value: object): unknown {
    const plain = this.#limits.textOf?.(value);
    if (plain !== undefined) {
      return this.#of(plain);
    }
    const size = byteLengthOf(value);
    if (size !== undefined) {
      return this.#partial(`[${tagOf(value)} of ${size} bytes]`);
    }
    if (value instanceof Error) {
      return this.#partial(this.text(textOfError(value)));
    }
    if (value instanceof Map || value instanceof Set) {
      return this.#ofCollection(value);
    }
    if (value instanceof RegExp) {
      return this.text(RegExp.prototype.toString.call(value));
    }
    const text = textOfBoxed(value);
    if (text !== undefined) {
      return this.text(text);
    }
    const toJSON = this.#toJSONOf(value);
    return toJSON === undefined ? unknown : this.#ofJson(value, toJSON);
  }

  /** That of this package is not a user's code. */
  #toJSONOf(value: object): ReturnType<typeof methodOf> {
    const isAllowed = this.#limits.textOf === undefined || isForeign(value);
    return isAllowed ? methodOf(value, 'toJSON') : undefined;
  }

  #ofJson(value: object, toJSON: (this: unknown) => unknown): unknown {
    return this.#isTooDeep
      ? this.#partial(`[${tagOf(value)}]`)
      : this.#below(value, () => this.#of(toJSON.call(value)));
  }

  #ofCollection(value: Map<unknown, unknown> | Set<unknown>): unknown {
    const name = `${value instanceof Map ? 'Map' : 'Set'}(${sizeOf(value)})`;
    this.isPartial = true;
    if (this.#isTooDeep) {
      return this.#partial(`[${name}]`);
    }
    this.#left -= around;
    return this.#below(value, () => ({
      [this.#partial(name)]: value instanceof Map ? this.#ofMap(value) : this.#ofSet(value),
    }));
  }

  #ofMap(map: Map<unknown, unknown>): unknown {
    const entries: [string, unknown][] = [];
    for (const [key, value] of Map.prototype.entries.call(map)) {
      if (this.#isFull(entries.length)) {
        entries.push([this.#partial('…'), this.#partial(`${sizeOf(map) - entries.length} more`)]);
        break;
      }
      const name = typeof key === 'string' ? this.text(key) : String(this.#of(key));
      entries.push([name, this.#ofField(name, value, '')]);
    }
    return Object.fromEntries(entries);
  }

  #ofSet(set: Set<unknown>): unknown {
    const items: unknown[] = [];
    for (const item of Set.prototype.values.call(set)) {
      if (this.#isFull(items.length)) {
        items.push(this.#partial(`… ${sizeOf(set) - items.length} more`));
        break;
      }
      items.push(this.#of(item));
    }
    return items;
  }

  #ofEntries(value: object): unknown {
    const isList = Array.isArray(value);
    if (this.#isTooDeep) {
      return this.#partial(isList ? `[Array(${value.length})]` : `[${tagOf(value)}]`);
    }
    return this.#below(value, () => (isList ? this.#ofList(value) : this.#ofRecord(value)));
  }

  #ofList(list: readonly unknown[]): unknown {
    const items: unknown[] = [];
    for (let at = 0; at < list.length; at++) {
      if (this.#isFull(items.length)) {
        items.push(this.#partial(`… ${list.length - at} more`));
        break;
      }
      const property = Object.getOwnPropertyDescriptor(list, at);
      // The second of a pair, as `[...headers]` has them.
      const names = list.length === 2 && at === 1 ? [dataOf(list, '0')] : [];
      items.push(this.#ofNamed(names, String(at), property, ''));
    }
    return items;
  }

  #ofRecord(record: object, except: ReadonlySet<string> = none): object {
    if (huge.has(record)) {
      return { [this.#partial('…')]: this.#partial('more than 10,000 keys') };
    }
    const keys = Object.keys(record).filter((key) => !except.has(key));
    const shown: [string, unknown][] = [];
    const above = this.#names.at(-1) ?? '';
    for (const key of keys) {
      if (this.#isFull(shown.length)) {
        shown.push([this.#partial('…'), this.#partial(`${keys.length - shown.length} more`)]);
        break;
      }
      const property = Object.getOwnPropertyDescriptor(record, key);
      // Methods are left out, as in JSON.
      if (typeof property?.value !== 'function') {
        // An entry of a list, such as `{ name: 'Cookie', value: '…' }`.
        const beside = key === 'value' ? nameKeys.map((one) => dataOf(record, one)) : [];
        shown.push([this.text(key), this.#ofNamed(beside, key, property, above)]);
      }
    }
    // The list of the keys was the cost: with so many of them, nothing more is looked at.
    if (keys.length > 10_000) {
      huge.add(record);
      this.#left -= this.#limits.characters;
    }
    return Object.fromEntries(shown);
  }

  /** A property whose value may have its name beside it, in an entry of a list. */
  #ofNamed(
    names: readonly unknown[],
    key: string,
    property: PropertyDescriptor | undefined,
    above: string,
  ): unknown {
    const list = this.#names.at(-2) ?? '';
    return names.some(
      (name) => typeof name === 'string' && this.#isSecret(name, property?.value, list),
    )
      ? this.#partial(redacted)
      : this.#ofProperty(key, property, above);
  }

  #ofProperty(key: string, property: PropertyDescriptor | undefined, above: string): unknown {
    if (property?.get !== undefined || property?.set !== undefined) {
      return this.#partial('[getter]');
    }
    return this.#ofField(key, property?.value, above);
  }

  #ofField(name: string, value: unknown, above: string): unknown {
    if (this.#isSecret(name, value, above)) {
      return this.#partial(redacted);
    }
    this.#names.push(name);
    const shown = this.#of(value);
    this.#names.pop();
    return shown;
  }

  #isSecret(name: string, value: unknown, above: string): boolean {
    if (value === undefined || value === null || value === '' || typeof value === 'boolean') {
      return false;
    }
    return (
      (headers.test(above) && !harmlessHeaders.has(name.toLowerCase())) ||
      (rawHeaders.test(name) && Array.isArray(value)) ||
      (tls.test(above) && name === 'key') ||
      this.#redaction.hides(name)
    );
  }

  get #isTooDeep(): boolean {
    return this.#above.length >= this.#limits.depth || this.#left <= 0;
  }

  #isFull(count: number): boolean {
    const isFull = count >= this.#limits.entries || this.#left <= 0;
    this.isPartial ||= isFull;
    return isFull;
  }

  #below<Shown>(value: object, show: () => Shown): Shown {
    this.#above.push(value);
    this.#left -= around;
    try {
      return show();
    } finally {
      this.#above.pop();
    }
  }

  #partial(shown: string): string {
    this.isPartial = true;
    this.#left -= shown.length + around;
    return shown;
  }

  #plain(value: unknown): unknown {
    this.#left -= String(value).length + 1;
    return value;
  }
}

/** The quotes, brackets, colon and comma around a text or a list, in characters. */
const around = 3;

/** The value of a property that is no getter. */
function dataOf(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value as unknown;
}

const none: ReadonlySet<string> = new Set();

/** The fields that hold the name of the `value` beside them. */
const nameKeys = ['name', 'key', 'header', 'field'];

/**
 * Objects whose keys took long to list. A state that is one is shown in the report of each crash,
 * and by each supervisor above: the keys are listed once.
 */
const huge = new WeakSet<object>();

/** For a class that is not known. */
const unknown: unique symbol = Symbol('unknown');

const headers = /headers$/i;
const rawHeaders = /^rawHeaders$/i;
const tls = /^(?:tls|ssl|https)$/i;

/** Headers that hold no secret, and that help to find a fault. */
const harmlessHeaders = new Set([
  'accept',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'location',
  'retry-after',
  'server',
  'transfer-encoding',
]);
