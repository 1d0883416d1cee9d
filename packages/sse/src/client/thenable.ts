export function isThenable<Value>(value: Value | PromiseLike<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}
