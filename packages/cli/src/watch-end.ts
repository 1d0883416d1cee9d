import type { SseClient } from '@reprise/sse';

import type { SourceState } from './source.ts';

type Watch = Required<Pick<SseClient.ResilientOptions, 'classify' | 'onStatus'>>;

/** The changes of a client; an end by 204 has a reason, since it looks like any other. */
export function watchEnd(
  tell: (state: SourceState, client: Parameters<Watch['onStatus']>[1]) => void,
): Watch {
  let hasNoContent = false;
  return {
    classify: ({ type }, verdict) => {
      hasNoContent = type === 'noContent';
      return verdict;
    },
    onStatus: (status, client) => {
      tell(
        status.type === 'ended' && hasNoContent
          ? { type: 'ended', reason: 'status 204: the server has no more events' }
          : status,
        client,
      );
    },
  };
}
