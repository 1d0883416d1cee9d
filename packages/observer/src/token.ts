import { createHash, timingSafeEqual } from 'node:crypto';

/** Its value is in no error. 22 characters of 64 are 132 bits. */
export function assertToken(token: string | undefined): void {
  if (token !== undefined && !(typeof token === 'string' && /^[\w.~+/=-]{22,}$/.test(token))) {
    throw new TypeError(
      `Expected token to have at least 22 characters (128 bits), of A-Z a-z 0-9 - . _ ~ + / =, got ${
        typeof token === 'string' ? `another text of ${token.length}` : typeof token
      }`,
    );
  }
}

/**
 * Compares the value of a header `Authorization` with a token, in a time that tells nothing of how
 * near a wrong one is.
 */
export function rightToken(right: string): (header: string) => boolean {
  const digest = digestOf(right);
  return (header) => {
    const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
    return token !== undefined && timingSafeEqual(digestOf(token), digest);
  };
}

function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
