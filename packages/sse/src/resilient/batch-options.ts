import { describe } from '@reprise/actor/text';

import type { HandleContext } from '../client/context.ts';
import type { ServerSentEvent } from '../format/event.ts';

/** A handler of many events at once. */
export interface BatchOptions {
  /**
   * In place of `handle`: called with all events that have arrived, in order, `maxBatch` of them at
   * most. It does not wait for more: one event that comes alone is a batch of one. The next batch
   * waits for the promise. An error crashes the client, and with a cursor the next client gets
   * the same events.
   */
  readonly handleBatch: (
    events: readonly ServerSentEvent[],
    context: HandleContext,
  ) => void | Promise<void>;
  /** The most events in a batch. Default: 500. */
  readonly maxBatch?: number;
}

/** Whether the events are handled in batches. */
export function isBatched(options: object): options is BatchOptions {
  return 'handleBatch' in options && options.handleBatch !== undefined;
}

/**
 * @throws TypeError for an option that has no meaning with `handleBatch`, or for `maxBatch` without
 * it; RangeError for a limit that is no whole number from 1 on.
 */
export function assertBatch(options: object): void {
  const given = options as Partial<Record<(typeof unbatched)[number] | 'maxBatch', unknown>>;
  const { maxBatch } = given;
  if (isBatched(options)) {
    const other = unbatched.find((name) => given[name] !== undefined);
    if (other !== undefined) {
      throw new TypeError(`Expected handleBatch without ${other}, got both`);
    }
  } else if (maxBatch !== undefined) {
    throw new TypeError('Expected maxBatch only together with handleBatch, got it without');
  }
  if (maxBatch !== undefined && !(Number.isSafeInteger(maxBatch) && Number(maxBatch) > 0)) {
    throw new RangeError(
      `Expected maxBatch to be a whole number from 1 on, got ${describe(maxBatch)}`,
    );
  }
}

/** A batch fails as a whole, and its events are as they came. */
const unbatched = ['handle', 'handleFailed', 'events', 'handleInvalid'] as const;
