import { protocol, version } from './version.ts';

/**
 * A program can load several copies of this package: two versions, or one version that the package
 * manager has installed twice because its peers differ. The copies share the processes of a system
 * and not their classes: `instanceof` and private fields know the objects of their own copy alone.
 * So a class whose objects reach other copies has a brand, and uses the private fields of no object
 * but `this`.
 *
 * The brand is read last, where an object would be refused otherwise: with one copy it costs
 * nothing.
 */
interface Brand {
  readonly kind: string;
  /** Copies of one protocol understand each other. */
  readonly protocol: number;
  readonly version: string;
}

/** The brand stands on the prototype: an object does not grow by it, nor show it. */
const brand: unique symbol = Symbol.for('@reprise/actor') as typeof brand;

interface Branded {
  readonly [brand]: Brand;
}

/** Any class of instances of this type. */
export type ClassOf<Instance> = abstract new (...args: never) => Instance;

/** Gives a class a brand. In a static block of the class: bundlers drop it with the class. */
export function setBrand(type: ClassOf<object>, kind: string): void {
  const value: Brand = { kind, protocol, version };
  Object.defineProperty(type.prototype, brand, { value });
}

/**
 * `instanceof`, for the objects of all copies of this protocol. False for a value that cannot be
 * read, such as a proxy that is revoked: it may be a message of any process.
 */
export function isA<Instance>(value: unknown, type: ClassOf<Instance>): value is Instance {
  try {
    return (
      isInstance.call(type, value) ||
      (isForeign(value) && isOfKind(value, ownBrandOf(type.prototype)?.kind))
    );
  } catch {
    return false;
  }
}

/** The default of `instanceof`. */
const isInstance = Function.prototype[Symbol.hasInstance];

/** Whether an object has a brand of this protocol. A proxy may say that it has any property. */
export function isForeign(value: unknown): value is Branded {
  try {
    return isBranded(value) && value[brand].protocol === protocol;
  } catch {
    return false;
  }
}

/** For the message of an error: the version of a copy that this one does not understand. */
export function describeOtherCopy(value: unknown): string {
  return isBranded(value) && value[brand].protocol !== protocol
    ? ` of @reprise/actor ${value[brand].version}, which @reprise/actor ${version} cannot use: install one version`
    : '';
}

/** The one value that all copies of this protocol share: the first that was made. */
export function oneOfAll<Value>(key: string, make: () => Value): Value {
  const host = globalThis as { [shared]?: Map<string, unknown> };
  const values = (host[shared] ??= new Map());
  if (!values.has(key)) {
    values.set(key, make());
  }
  return values.get(key) as Value;
}

const shared: unique symbol = Symbol.for(`@reprise/actor ${protocol}`) as typeof shared;

function isBranded(value: unknown): value is Branded {
  return typeof value === 'object' && value !== null && brand in value;
}

/** An object is of the kind of its class, and of those that this extends. */
function isOfKind(value: object, kind: string | undefined): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    kind !== undefined &&
    isBranded(prototype) &&
    (ownBrandOf(prototype)?.kind === kind || isOfKind(prototype, kind))
  );
}

/** A subclass, such as one of a user's, may have none of its own. */
function ownBrandOf(prototype: object): Brand | undefined {
  return Object.hasOwn(prototype, brand) ? (prototype as Branded)[brand] : undefined;
}
