import type { TooLarge } from '../format/too-large.ts';
import type { ConnectFailure, RedirectFailure } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';

/** Why a request of `guarded` got no response, or why the body of its response broke off. */
export type FetchFailure =
  /**
   * As of a client. `request`: the stream that is the body of the request failed, or the option
   * that `callback` names. `contentType`: an answer that the option `contentType` refuses.
   * `status`: 101, which was not asked for.
   */
  | ConnectFailure
  | RefusedRedirect
  /**
   * `idle`: no byte came for `ms`. `body`: a body, or an event of a stream, took longer than `ms`.
   * `event`: no event came for `ms`.
   */
  | { readonly type: 'timeout'; readonly phase: 'idle' | 'body' | 'event'; readonly ms: number }
  /** An event, or its part that has come so far, is above `limit`, in bytes. */
  | TooLarge
  /** A body that is not an event stream is above `limit`, in bytes. */
  | { readonly type: 'bodyTooLarge'; readonly limit: number }
  /** The stream ended without the event that `until` waits for. */
  | { readonly type: 'incomplete' };

/** A redirect that the request does not allow. */
export interface RefusedRedirect extends Omit<RedirectFailure, 'reason'> {
  /** `forbidden`: by `redirect: 'error'`. `streamedBody`: a stream cannot be sent again. */
  readonly reason: 'forbidden' | 'streamedBody';
}

/** A failure in one line, at most 500 characters, without credentials. */
export function formatFetchFailure(failure: FetchFailure): string {
  switch (failure.type) {
    case 'bodyTooLarge':
      return `body above ${failure.limit} bytes`;
    case 'incomplete':
      return 'the stream ended before the event that completes it';
    default:
      return formatFailure(failure as ConnectFailure | TooLarge);
  }
}
