import type { Held, OwnedStream } from './store.ts';

/** How many streams, and the sum of their epochs: the same for the same streams, in any order. */
export function heldOf(streams: Iterable<OwnedStream>): Held {
  let count = 0;
  let epochs = 0;
  for (const { epoch } of streams) {
    count += 1;
    epochs = (epochs + epoch) % 2 ** 32;
  }
  return { count, epochs };
}
