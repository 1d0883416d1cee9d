import { type FetchFailure, formatFetchFailure } from './failure.ts';

/**
 * The error of a `fetch` made by `guarded`, and of the body of its response. For a limit that was
 * passed, an answer that was refused, and a failed function of the options, it is the error itself.
 * For a failure of the network or
 * of a redirect it is the `cause` of the `TypeError` that the standard asks for.
 * @example
 * ```ts
 * import { FetchError, guarded } from '@reprise/sse/fetch';
 *
 * const fetch = guarded({ connectTimeout: 1000 });
 * try {
 *   await fetch('http://127.0.0.1:1/');
 * } catch (error) {
 *   const { cause } = error as TypeError;
 *   if (cause instanceof FetchError) {
 *     console.log(cause.failure.type, cause.code); // network ECONNREFUSED
 *   }
 * }
 * ```
 */
export class FetchError extends Error {
  override readonly name = 'FetchError' as const;
  /** That of the failure, such as `ECONNREFUSED`, or one for its type: `ERR_FETCH_TIMEOUT`. */
  readonly code: string;
  readonly failure: FetchFailure;

  constructor(failure: FetchFailure) {
    const { type } = failure;
    super(
      formatFetchFailure(failure),
      type === 'request' ? { cause: failure.error } : { cause: failure },
    );
    this.failure = failure;
    this.code =
      'code' in failure
        ? failure.code
        : `ERR_FETCH_${type.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
  }
}

/**
 * The error that a program gets: by the standard a `TypeError` for a network error (WHATWG Fetch
 * 5.6), and the limits and refusals, which are ours, as they are. `message`: as in Node.
 */
export function errorOf(
  failure: FetchFailure,
  message: 'fetch failed' | 'terminated',
): FetchError | TypeError {
  const error = new FetchError(failure);
  const isOwn = own.has(failure.type) || 'callback' in failure;
  return isOwn ? error : new TypeError(message, { cause: error });
}

/** The failures that the standard does not know. */
const own: ReadonlySet<FetchFailure['type']> = new Set([
  'bodyTooLarge',
  'contentType',
  'incomplete',
  'timeout',
  'tooLarge',
]);
