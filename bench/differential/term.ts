/** A part of a program: strings are atoms in Erlang. */
export type Term = string | number | boolean | readonly Term[];

/** The text of a term in Erlang. */
export function termOf(value: Term): string {
  if (typeof value === 'string') {
    return `'${value}'`;
  }
  return typeof value === 'object' ? `[${value.map(termOf).join(',')}]` : String(value);
}
