/**
 * A feed of changes that is read without a gap, though its stream drops now and then and the
 * program does not run all the time. The client asks for what comes after the last event that was
 * handled; that id is also kept in a file, from which every start goes on: one of the program, and
 * one by the supervisor.
 *
 * A program that is killed after it handled an event and before it wrote the id down gets that one
 * event twice: at least once, never not at all.
 */
import { childSpec as specOf, type ChildSpec, type Pid } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import type { Position } from './position.ts';

/** What the feed tells of each change, among other things. */
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
  return specOf<'changes', Pid>(
    async (parent) => {
      const client = SseClient.resilient({
        id: 'changes',
        ...rest,
        lastEventId: await position.read(),
        // The next event waits for this one's id to be written.
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
