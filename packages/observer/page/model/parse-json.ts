/** As JSON has it: a half of a pair that stands alone is escaped. */
const surrogate = /\\ud[89a-f]/;

/**
 * What a server tells. In texts of others there may be halves of surrogate pairs, which an address
 * cannot have: each is replaced, everywhere.
 */
export function parseJson(text: string): unknown {
  return surrogate.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}
