/**
 * Whether two values say the same: arrays and plain objects with the same keys and equal values,
 * errors of one class with the same message, cause and own properties, and everything else, such as
 * pids, refs, dates, maps and instances of other classes, by `Object.is`.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  return equal(a, b, new Map());
}

/**
 * `seen`: what is being compared with what, further out; a cycle that leads back there says nothing
 * new.
 */
function equal(a: unknown, b: unknown, seen: Map<unknown, unknown>): boolean {
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

/** What must be the same for two values to be compared by what is in them. */
function kindOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return 'array';
  }
  if (value instanceof Error) {
    return value.constructor;
  }
  return isPlain(value) ? 'object' : undefined;
}

/**
 * Its prototype is none, or the one at the root: of whatever realm, since tests may run in their
 * own.
 */
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
  // What an error says is not enumerable.
  const said = value instanceof Error ? { message: value.message, cause: value.cause } : {};
  return new Map<PropertyKey, unknown>([...entries, ...Object.entries(said)]);
}

function isEnumerable(value: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}

function haveSameEntries(a: Entries, b: Entries, seen: Map<unknown, unknown>): boolean {
  return (
    a.size === b.size &&
    [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key), seen))
  );
}
