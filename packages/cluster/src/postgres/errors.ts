/**
 * The code of an error of Postgres, such as `42501`, or of Node, such as `ECONNREFUSED`. Errors may
 * come from another realm: `instanceof` says nothing of them.
 */
export function codeOf(error: unknown): string | undefined {
  const code = fieldOf(error, 'code');
  return typeof code === 'string' ? code : undefined;
}

/** Its message; that of an error for several addresses is empty, and its code says more. */
export function messageOf(error: unknown): string {
  const message = fieldOf(error, 'message');
  return typeof message === 'string' && message !== '' ? message : (codeOf(error) ?? String(error));
}

/**
 * No such schema, and no such table.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const codesOfMissing: readonly (string | undefined)[] = ['3F000', '42P01'];

/** Whether a statement has failed since its tables are not there. */
export function isMissing(error: unknown): boolean {
  return codesOfMissing.includes(codeOf(error));
}

/** A field of any value. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
