/**
 * An event, or what there is of it so far, is above the limit, in bytes of UTF-8: it is not
 * delivered.
 */
export interface TooLarge {
  readonly type: 'tooLarge';
  readonly limit: number;
}

export function tooLarge(limit: number): TooLarge {
  return { type: 'tooLarge', limit };
}
