/**
 * A feed of changes that is read without a gap, although its stream drops now and then and the
 * program does not run all the time. A client asks for the events after the last one it handled. It
 * also keeps that id in a file, and each start continues there: of the program, and of the client
 * by its supervisor.
 *
 * A program that is killed between handling an event and writing its id gets that event again: each
 * event is handled at least once.
 */
import { childSpec as specOf, type ChildSpec, type Pid } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import type { Position } from './position.ts';

/** The fields of a change that are used here. */
export interface Change {
  readonly wiki: string;
  readonly title: string;
  readonly user: string;
}

export interface ChangesOptions {
  readonly url: string;
  readonly position: Position;
  readonly handle: (change: Change) => void;
  readonly onStatus?: (status: SseClient.StatusChange) => void;
}

export function childSpec(options: ChangesOptions): ChildSpec<'changes'> {
  const { position, handle, ...rest } = options;
  return specOf<'changes', Pid | undefined>(
    async (parent) => {
      const client = SseClient.resilient({
        id: 'changes',
        ...rest,
        lastEventId: await position.read(),
        // The next event waits until the id of this one is written.
        handle: async ({ data, lastEventId }) => {
          handle(JSON.parse(data) as Change);
          await position.write(lastEventId);
        },
      });
      return client.start(parent);
    },
    { id: 'changes', restart: 'transient' },
  );
}
