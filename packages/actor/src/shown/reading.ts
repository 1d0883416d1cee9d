import { builtinModule } from '../host.ts';

// Reads values that may be anything: with getters, proxies, or methods that throw.

/** Node, Deno and Bun can tell. Elsewhere a proxy is read like any object. */
const types = (builtinModule('node:util') as NodeUtil | undefined)?.types;

interface NodeUtil {
  readonly types: {
    isProxy(value: unknown): boolean;
    isStringObject(value: unknown): boolean;
  };
}

function isProxy(value: unknown): boolean {
  return types?.isProxy(value) ?? false;
}

/** Whether a read of the value, or of a prototype of it, would call a trap. */
export function hasProxy(value: object): boolean {
  try {
    for (let holder: object | null = value; holder !== null;) {
      if (isProxy(holder)) {
        return true;
      }
      holder = Object.getPrototypeOf(holder) as object | null;
    }
    return false;
  } catch {
    // Where the runtime cannot tell, a proxy that refuses to be read is found by that.
    return true;
  }
}

/** Whether a value is an error that can be read. */
export function isError(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && !hasProxy(value) && value instanceof Error;
}

/** `instanceof`, for values that may be proxies that are revoked. */
export function isInstance<Instance>(
  value: unknown,
  constructor: abstract new (...args: never[]) => Instance,
): value is Instance {
  try {
    return value instanceof constructor;
  } catch {
    return false;
  }
}

/** A field of an error as text: it may be a getter, and throw. */
export function textIn(error: Error, field: 'name' | 'message' | 'stack'): string {
  try {
    const text: unknown = error[field];
    return typeof text === 'string' ? text : '';
  } catch {
    return '';
  }
}

/** A field of an object; `undefined` if it cannot be read. */
export function fieldOf(value: object, field: string): unknown {
  try {
    return (value as Record<string, unknown>)[field];
  } catch {
    return undefined;
  }
}

type ReadText = (error: Error, field: 'name' | 'message') => string;

/** "Name: message", as `Error.prototype.toString` has it: the start of each. */
export function textOfError(error: Error, limit = 10_000, read: ReadText = textIn): string {
  const name = read(error, 'name').slice(0, limit);
  const message = read(error, 'message').slice(0, limit);
  return name === '' || message === '' ? name || message || 'Error' : `${name}: ${message}`;
}

/** A method that an object has or inherits, if it is no getter. */
export function methodOf(value: object, key: string): ((this: unknown) => unknown) | undefined {
  const method = dataProperty(value, key);
  return typeof method === 'function' ? (method as (this: unknown) => unknown) : undefined;
}

/** A property of an object or of its prototypes. */
export function propertyOf(value: object, key: string): PropertyDescriptor | undefined {
  for (let holder: object | null = value; holder !== null; holder = prototypeOf(holder)) {
    const property = Object.getOwnPropertyDescriptor(holder, key);
    if (property !== undefined) {
      return property;
    }
  }
  return undefined;
}

/** The value of such a property, if it is no getter. */
function dataProperty(value: object, key: string): unknown {
  return propertyOf(value, key)?.value;
}

function prototypeOf(value: object): object | null {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return isProxy(prototype) ? null : prototype;
}

/** The name of its class, as far as that is known without a call of its code. */
export function tagOf(value: object): string {
  const constructor = dataProperty(value, 'constructor');
  return typeof constructor === 'function'
    ? nameOfFunction(constructor).slice(0, 100) || 'Object'
    : 'Object';
}

export function nameOfFunction(value: object): string {
  const name = isProxy(value) ? 'Proxy' : dataProperty(value, 'name');
  return typeof name === 'string' && name !== '' ? name : '(anonymous)';
}

type Bytes = ArrayBufferView | ArrayBufferLike;

/** The size of bytes of any kind; `undefined` for all else. */
export function byteLengthOf(
  value: object,
  read: (value: Bytes) => number = ({ byteLength }) => byteLength,
): number | undefined {
  const isBytes =
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer === 'function' && value instanceof SharedArrayBuffer);
  return isBytes ? read(value) : undefined;
}

/** To write more digits than these takes long. */
const largest = 10n ** 100n;

export function isLarge(value: bigint): boolean {
  return value > largest || value < -largest;
}

/** The text of a `String` object, which has a key for each character. */
export function textOfBoxed(value: object): string | undefined {
  return types?.isStringObject(value) === true ? String.prototype.valueOf.call(value) : undefined;
}

/** Without a call of the getter of a subclass. */
export function sizeOf(value: Map<unknown, unknown> | Set<unknown>): number {
  const prototype = value instanceof Map ? Map.prototype : Set.prototype;
  return Reflect.get(prototype, 'size', value) as number;
}
