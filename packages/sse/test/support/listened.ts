import { exit, kill, type Pid } from '@reprise/actor';
import { settle, type TestSystem } from '@reprise/actor/testing';

import {
  type ChangeNotification,
  type Listener,
  type ListenerStatus,
  McpListener,
  type RereadReason,
} from '../../src/mcp.ts';
import { Queue } from './queue.ts';

export type Happened =
  | ListenerStatus
  | { readonly type: 'reread'; readonly reason: RereadReason }
  | { readonly type: 'handled'; readonly notification: ChangeNotification };

/**
 * A listener whose life is told in order. At the end of its block it is killed: its session is not
 * ended.
 */
export interface Listened extends AsyncDisposable {
  readonly pid: Pid;
  readonly happened: readonly Happened[];
  next(): Promise<Happened>;
  /** The next of this type; everything before it is passed over. */
  until<Type extends Happened['type']>(
    type: Type,
  ): Promise<Extract<Happened, { readonly type: Type }>>;
}

/** A listener for the list of tools. */
export function listenerOf(options: Pick<Listener, 'url'> & Partial<Listener>): Listener {
  return {
    clientInfo: { name: 'test', version: '1' },
    notifications: { toolsListChanged: true },
    handle: () => undefined,
    reread: () => undefined,
    ...options,
  };
}

/** Starts a listener that is linked to the system. */
export async function listenTo(
  system: TestSystem,
  options: Pick<Listener, 'url'> & Partial<Listener>,
): Promise<Listened> {
  const happened: Happened[] = [];
  const queue = new Queue<Happened>();
  const tell = (event: Happened): void => {
    happened.push(event);
    queue.push(event);
  };
  const pid = await McpListener.startLink(
    system,
    listenerOf({
      handle: (notification) => {
        tell({ type: 'handled', notification });
      },
      reread: (reason) => {
        tell({ type: 'reread', reason });
      },
      onStatus: tell,
      ...options,
    }),
  );
  return {
    pid,
    happened,
    next: () => queue.next(),
    async until(type) {
      for (;;) {
        const event = await queue.next();
        if (event.type === type) {
          return event as Extract<Happened, { readonly type: typeof type }>;
        }
      }
    },
    async [Symbol.asyncDispose]() {
      exit(system, pid, kill);
      await settle(system);
    },
  };
}
