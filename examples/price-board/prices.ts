import type { ChildSpec } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import * as Board from './board.ts';

/** A client that sends each price of a stream to the board. */
export function childSpec(url: string): ChildSpec<'prices'> {
  return SseClient.resilient({
    id: 'prices',
    url,
    // `self` is the client: it finds the board by its name in their system. The next event is taken
    // once the board has this one.
    handle: async ({ data }, { self }) => {
      await Board.update(Board.boardName.in(self), JSON.parse(data) as Board.Price);
    },
  });
}
