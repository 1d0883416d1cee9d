/** A value as an error message shows it: a bounded piece of it, and its kind. */
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
      // Numbers among them: JSON has neither NaN nor Infinity.
      return `${String(value)} (${typeof value})`;
  }
}

function describeObject(value: object): string {
  try {
    return value instanceof Error ? String(value) : (JSON.stringify(value) ?? tagOf(value));
  } catch {
    // A cycle, a bigint, or a method that throws.
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
