import { byteLengthOf, propertyOf, tagOf, textIn, textOfError } from './reading.ts';

// Reads values of the platform's classes without a call of a user's code, which a subclass or a
// property of the object's own may have.

/** The text of such a value; `null` for a date that is none, `undefined` for all else. */
export function plainTextOf(value: object): string | null | undefined {
  if (value instanceof Error) {
    return textOfError(value, undefined, errorText);
  }
  if (value instanceof RegExp) {
    return textOfPattern(value);
  }
  const size = byteLengthOf(value, plainLength);
  return size === undefined ? textOfPlatform(value) : `[${tagOf(value)} of ${size} bytes]`;
}

/** The platform has getters of its own. */
function errorText(error: Error, field: 'name' | 'message'): string {
  const property = propertyOf(error, field);
  const { DOMException } = globalThis as { readonly DOMException?: { readonly prototype: object } };
  if (property?.get === undefined) {
    const value: unknown = property?.value;
    return typeof value === 'string' ? value : '';
  }
  const known = DOMException && propertyOf(DOMException.prototype, field);
  return property.get === known?.get ? textIn(error, field) : '[getter]';
}

/** Without its flags if it may have getters of a user for them. */
function textOfPattern(value: RegExp): string {
  const isPlain =
    Object.getPrototypeOf(value) === RegExp.prototype && Reflect.ownKeys(value).length === 1;
  return isPlain
    ? RegExp.prototype.toString.call(value)
    : `/${Reflect.get(RegExp.prototype, 'source', value) as string}/`;
}

function textOfPlatform(value: object): string | null | undefined {
  const { URL } = globalThis as { readonly URL?: { new (url: string): object } };
  if (value instanceof Date) {
    const isValid = !Number.isNaN(Date.prototype.getTime.call(value));
    return isValid ? Date.prototype.toISOString.call(value) : null;
  }
  return URL !== undefined && value instanceof URL
    ? (Reflect.get(URL.prototype as object, 'href', value) as string)
    : undefined;
}

function plainLength(value: ArrayBufferView | ArrayBufferLike): number {
  const prototype = ArrayBuffer.isView(value)
    ? value instanceof DataView
      ? DataView.prototype
      : typedArrays
    : (value instanceof ArrayBuffer ? ArrayBuffer : SharedArrayBuffer).prototype;
  return Reflect.get(prototype, 'byteLength', value) as number;
}

const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;
