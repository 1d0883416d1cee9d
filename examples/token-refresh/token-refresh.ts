/**
 * A stream behind tokens that expire. What the server accepted an hour ago it may refuse now, so no
 * token is kept: each connection begins with one of its own, and one that is refused all the same
 * is given a second chance, with another token, before the client gives up.
 */
import type { ChildSpec } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

export interface FeedOptions {
  readonly url: string;
  /** Answers a POST with `{ "token": … }`. */
  readonly tokenUrl: string;
}

export function childSpec({ url, tokenUrl }: FeedOptions): ChildSpec<'feed'> {
  return SseClient.resilient({
    id: 'feed',
    url,
    // Asked at each attempt, and once more at once when the server answers 401 or 403. A redirect
    // to another origin does not take it along.
    headers: async () => ({ authorization: `Bearer ${await newToken(tokenUrl)}` }),
    handle: ({ data }) => {
      console.log(data);
    },
    onStatus: (status) => {
      console.log('reason' in status ? `${status.type}: ${status.reason}` : status.type);
    },
  });
}

/** Where it throws there is no request: a failed attempt, which is tried again like any other. */
async function newToken(tokenUrl: string): Promise<string> {
  const response = await fetch(tokenUrl, { method: 'POST' });
  if (!response.ok) {
    throw new Error(`Expected a token, got status ${response.status}`);
  }
  const { token } = (await response.json()) as { readonly token: string };
  return token;
}
