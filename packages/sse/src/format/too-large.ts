/** An event, or its part that has come so far, is above `limit`, in bytes of UTF-8. */
export interface TooLarge {
  readonly type: 'tooLarge';
  readonly limit: number;
}

export function tooLarge(limit: number): TooLarge {
  return { type: 'tooLarge', limit };
}
