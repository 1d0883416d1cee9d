import { Agent } from 'node:http';

import got, { RequestError } from 'got';

/** A report to the harness about a client. */
export type Message =
  | {
      readonly kind: 'event';
      /** `id`: the last id so far; `""` for none. */
      readonly event: { readonly type: string; readonly data: string; readonly id: string };
    }
  | { readonly kind: 'comment'; readonly comment: string }
  | { readonly kind: 'error'; readonly error: string };

/**
 * Posts a message to the harness, once. Resolves with `true` after any answer, with `false` when
 * none came: then the harness is gone. A second try could deliver the message twice, and the next
 * message would leave a gap: thus the client has to end.
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
 * A new connection for each message: the other side may close a reused one while a message is in
 * flight, and then its sender cannot know whether it arrived.
 */
const agent = { http: new Agent({ keepAlive: false }) };
