import type { ServerSentEvent } from '@reprise/sse';

import type { SourceState } from '../source.ts';

/** To the process that prints. `source`: the place of the source in the command line. */
export type WorkerMessage =
  | {
      readonly type: 'event';
      /** The answer has the same id. */
      readonly id: number;
      readonly source: number;
      readonly event: ServerSentEvent;
    }
  | { readonly type: 'state'; readonly source: number; readonly state: SourceState }
  /** No stream runs on any node, or the worker was refused: why. */
  | { readonly type: 'over'; readonly status: 0 | 1 | 3; readonly text?: string | undefined };

/** The answer: the event with this id is printed. */
export interface Printed {
  readonly id: number;
}
