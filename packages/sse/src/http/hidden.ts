/**
 * An object with fields that can be read by their names, and that nothing shows which prints the
 * object: neither `JSON.stringify` nor `console.log` or a logger. For parts of a request or a
 * response that can hold secrets.
 */
export function withHidden<const Shown extends object, Hidden extends object>(
  shown: Shown,
  hidden: Hidden,
): Shown & Hidden {
  // Getters: `util.inspect` shows the value of a field that is only not enumerable, if it is asked.
  const getters = Object.entries(hidden).map(([name, value]: [string, unknown]) => [
    name,
    { get: () => value },
  ]);
  return Object.defineProperties(
    shown,
    Object.fromEntries(getters) as PropertyDescriptorMap,
  ) as Shown & Hidden;
}
