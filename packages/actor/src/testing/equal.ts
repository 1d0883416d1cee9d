/**
 * Structural equality. Equal are arrays and plain objects with the same keys and equal values, and
 * errors of one class with the same message, cause and own properties. All other values (pids,
 * refs, dates, maps, instances of other classes) are compared by `Object.is`.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  return equalWithin(a, b, new Map());
}

/** `seen`: the pairs that are being compared further out. A cycle ends at them. */
function equalWithin(a: unknown, b: unknown, seen: Map<unknown, unknown>): boolean {
  if (Object.is(a, b)) {
    return true;
  }
  const kind = kindOf(a);
  if (kind === undefined || kind !== kindOf(b)) {
    return false;
  }
  if (seen.get(a) === b) {
    return true;
  }
  seen.set(a, b);
  const same = haveSameEntries(entriesOf(a as object), entriesOf(b as object), seen);
  seen.delete(a);
  return same;
}

/** Two values are compared by their content if they are of the same kind; `undefined`: never. */
function kindOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return 'array';
  }
  if (value instanceof Error) {
    return value.constructor;
  }
  return isPlain(value) ? 'object' : undefined;
}

/** Its prototype is `null` or an `Object.prototype`, of any realm: jest runs tests in their own. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

type Entries = ReadonlyMap<PropertyKey, unknown>;

function entriesOf(value: object): Entries {
  const keys = Reflect.ownKeys(value).filter((key) => isEnumerable(value, key));
  const entries = keys.map((key) => [key, Reflect.get(value, key)] as const);
  // The message and the cause of an error are not enumerable.
  const hidden = value instanceof Error ? { message: value.message, cause: value.cause } : {};
  return new Map<PropertyKey, unknown>([...entries, ...Object.entries(hidden)]);
}

function isEnumerable(value: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}

function haveSameEntries(a: Entries, b: Entries, seen: Map<unknown, unknown>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([key, value]) => b.has(key) && equalWithin(value, b.get(key), seen))
  );
}
