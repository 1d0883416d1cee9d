/**
 * A value as an error message shows it: its text on one line, at most 120 characters, and its type.
 * @example
 * ```ts
 * import { describe } from '@reprise/actor/text';
 *
 * console.log(`Expected a name, got ${describe(7)}`); // Expected a name, got 7 (number)
 * console.log(describe({ id: 1 })); // {"id":1} (object)
 * ```
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'function':
      return `function ${value.name || '(anonymous)'}`;
    case 'object':
      return value === null ? 'null' : `${clip(describeObject(value))} (object)`;
    case 'string':
      return `${clip(JSON.stringify(value))} (string)`;
    default:
      // A number, for example: JSON has neither NaN nor Infinity.
      return `${String(value)} (${typeof value})`;
  }
}

function describeObject(value: object): string {
  try {
    return value instanceof Error ? String(value) : (JSON.stringify(value) ?? tagOf(value));
  } catch {
    // It holds a cycle or a bigint, or one of its methods throws.
    return tagOf(value);
  }
}

function tagOf(value: object): string {
  try {
    return Object.prototype.toString.call(value);
  } catch {
    return '[object]';
  }
}

function clip(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
