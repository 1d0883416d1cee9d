import { Agent } from 'node:http';

import got, { RequestError } from 'got';

/** What a harness is told of a client. */
export type Message =
  | {
      readonly kind: 'event';
      /** `id` is the last id so far, `""` for none. */
      readonly event: { readonly type: string; readonly data: string; readonly id: string };
    }
  | { readonly kind: 'comment'; readonly comment: string }
  | { readonly kind: 'error'; readonly error: string };

/**
 * Tells it, once, and resolves when the harness has answered, however it did: with `false` when it
 * gave no answer, and is gone. Told a second time it might hear it twice, told of the next one it
 * would wait for this one: so nothing more can be told.
 */
export async function deliver(
  url: string,
  message: Message,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await got.post(url, {
      json: message,
      agent,
      signal,
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
    });
    return true;
  } catch (error) {
    if (error instanceof RequestError) {
      return false;
    }
    throw error;
  }
}

/**
 * A connection that is used again may just then be closed by the other side, and what was sent on
 * it is neither heard nor unheard.
 */
const agent = { http: new Agent({ keepAlive: false }) };
