/**
 * A stream that requires tokens, which expire. Each attempt to connect fetches a new token. If the
 * server refuses it, the client tries once more with another token before it gives up.
 */
import type { ChildSpec } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

export interface FeedOptions {
  readonly url: string;
  /** It answers a POST with `{ "token": … }`. */
  readonly tokenUrl: string;
}

export function childSpec({ url, tokenUrl }: FeedOptions): ChildSpec<'feed'> {
  return SseClient.resilient({
    id: 'feed',
    url,
    // Called at each attempt, and at once again when the server answers 401 or 403. A redirect to
    // another origin is not sent the header.
    headers: async () => ({ authorization: `Bearer ${await newToken(tokenUrl)}` }),
    handle: ({ data }) => {
      console.log(data);
    },
    onStatus: (status) => {
      console.log('reason' in status ? `${status.type}: ${status.reason}` : status.type);
    },
  });
}

/** If it throws, the attempt fails, and is repeated like any other. */
async function newToken(tokenUrl: string): Promise<string> {
  const response = await fetch(tokenUrl, { method: 'POST' });
  if (!response.ok) {
    throw new Error(`Expected a token, got status ${response.status}`);
  }
  const { token } = (await response.json()) as { readonly token: string };
  return token;
}
