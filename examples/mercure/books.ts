/**
 * A copy of a list, kept up to date by the updates of a hub. A hub that has lost updates says so
 * when the client comes back: then the whole list is loaded again, before the next update.
 */
import type { ChildSpec } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import type { Book } from './hub.ts';

export interface BooksOptions {
  /** The URL of the server. */
  readonly url: string;
  readonly loaded: (books: readonly Book[]) => void;
  readonly updated: (book: Book) => void;
  readonly onStatus?: (status: SseClient.StatusChange) => void;
}

export function childSpec({ url, loaded, updated, ...rest }: BooksOptions): ChildSpec<'books'> {
  return SseClient.resilient({
    id: 'books',
    url: `${url}/.well-known/mercure?topic=books`,
    // Waited for: the updates that follow are handled after the list that they change.
    handleGap: async (_gap, { signal }) => {
      const response = await fetch(`${url}/books`, { signal });
      loaded((await response.json()) as readonly Book[]);
    },
    handle: ({ data }) => {
      updated(JSON.parse(data) as Book);
    },
    ...rest,
  });
}
