/** One property of the host that is replaced while a simulation runs. */
interface Replacement {
  readonly object: object;
  readonly key: PropertyKey;
  /** `undefined` if the object only inherits it. */
  readonly original: PropertyDescriptor | undefined;
  readonly replaced: PropertyDescriptor;
}

/** All properties that are replaced, and their originals. */
export class Replacements {
  readonly #made: Replacement[] = [];

  /** Replaces a value if the host has it. `make` is given the one that is there now. */
  replace<Value>(object: object, key: PropertyKey, make: (original: Value) => Value): void {
    const original: unknown = Reflect.get(object, key);
    if (original !== undefined) {
      this.#define(object, key, { value: make(original as Value), writable: true });
    }
  }

  /** As `replace`, for a value that is computed at each reading. */
  replaceGetter<Value>(
    object: object,
    key: PropertyKey,
    make: (original: () => Value) => () => Value,
  ): void {
    if (key in object) {
      const found = descriptorOf(object, key);
      const original = (): Value => (found?.get?.call(object) ?? found?.value) as Value;
      this.#define(object, key, { get: make(original) });
    }
  }

  /** As `replace`, for a method: a function of its own name that has the properties of the old. */
  replaceMethod<Method extends (...given: never[]) => unknown>(
    object: object,
    key: PropertyKey,
    make: (original: Method) => Method,
  ): void {
    this.replace<Method>(object, key, (original) => withProperties(make(original), original));
  }

  /** Restores all but those that were replaced again meanwhile, by fake timers for example. */
  undo(): void {
    for (const { object, key, original, replaced } of this.#made.splice(0).toReversed()) {
      const found = Object.getOwnPropertyDescriptor(object, key);
      if (found?.value !== replaced.value || found?.get !== replaced.get) {
        continue;
      }
      if (original === undefined) {
        Reflect.deleteProperty(object, key);
      } else {
        Object.defineProperty(object, key, original);
      }
    }
  }

  #define(object: object, key: PropertyKey, replaced: PropertyDescriptor): void {
    const original = Object.getOwnPropertyDescriptor(object, key);
    if (original?.configurable !== false) {
      const enumerable = original?.enumerable ?? false;
      Object.defineProperty(object, key, { ...replaced, enumerable, configurable: true });
      this.#made.push({ object, key, original, replaced });
    }
  }
}

/** Of the object, or of its prototypes. */
function descriptorOf(object: object | null, key: PropertyKey): PropertyDescriptor | undefined {
  return object === null
    ? undefined
    : (Object.getOwnPropertyDescriptor(object, key) ??
        descriptorOf(Object.getPrototypeOf(object) as object | null, key));
}

/** Adds the properties of the original: `util.promisify` looks for one of `setTimeout`. */
function withProperties<Method extends object>(replaced: Method, original: Method): Method {
  const { prototype: _, ...own } = Object.getOwnPropertyDescriptors(original) as Record<
    PropertyKey,
    PropertyDescriptor
  >;
  return Object.defineProperties(replaced, own);
}
