import type { Clock } from '@reprise/actor';

import type { ListSource } from '../options/list-source.ts';
import { type Listing, listOf } from '../options/listing.ts';
import { textOf } from '../shown.ts';

export interface Asking {
  readonly clock: Clock;
  /** Aborts when the cluster stops. */
  readonly signal: AbortSignal;
}

type FunctionSource = Extract<ListSource, { readonly type: 'function' }>;

/** A function is not waited for any longer than this, in ms. */
const longestWait = 30_000;

/**
 * The list that the function gives.
 * @throws TypeError if it throws or rejects, takes too long, or gives anything but a list
 */
export async function askFunction(source: FunctionSource, asking: Asking): Promise<Listing> {
  const listed = listOf(await answerOf(source, asking), 'the function streams to give');
  return { listed, invalid: [] };
}

async function answerOf({ ask, refresh }: FunctionSource, asking: Asking): Promise<unknown> {
  const limit = Math.min(refresh, longestWait);
  const given = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = asking.clock.setTimeout(() => {
    late.reject(new Error(`no answer within ${limit} ms`));
  }, limit);
  const stop = (): void => {
    given.abort(asking.signal.reason);
  };
  asking.signal.addEventListener('abort', stop);
  try {
    return await Promise.race([call(ask, given.signal), late.promise]);
  } catch (error) {
    given.abort(error);
    throw failed(error);
  } finally {
    asking.clock.clearTimeout(timer);
    // Else each question would leave a listener behind.
    asking.signal.removeEventListener('abort', stop);
  }
}

/** A function that throws is as one that rejects. */
async function call(ask: FunctionSource['ask'], signal: AbortSignal): Promise<unknown> {
  return ask({ signal });
}

function failed(error: unknown): TypeError {
  return new TypeError(
    `Expected the function streams to give a list of keys, or a record from each key to its data, got an error: ${textOf(error)}`,
    { cause: error },
  );
}
