import { createSystem, type Logger, Supervisor, type System } from '@reprise/actor';
import { SseClient } from '@reprise/sse';

import { OtherDataError } from './answers.ts';
import { headersOf, noObserver, refusalOf, type UnreachableError } from './observer.ts';
import type { TopOptions } from './options.ts';

export interface LiveListener {
  /** The stream is not read on before its promise settles. */
  event(type: string, data: string): void | Promise<void>;
  /** The connection is lost; the client makes another. */
  lost(error: UnreachableError): void;
  /** The observer does not let the program in any more, or is none, or `event` has failed. */
  refused(error: Error): void;
}

/** The failures are shown, in a line. */
const silent: Logger = { error: () => {}, warn: () => {} };

/** Looks come twice a second. */
const idleTimeout = 10_000;

/** Follows the reports of an observer, until the system that it returns is stopped. */
export async function follow(options: TopOptions, listener: LiveListener): Promise<System> {
  const failed = (error: unknown): void => {
    const isOther = error instanceof OtherDataError;
    listener.refused(isOther ? noObserver(options, 'other data') : (error as Error));
  };
  const system = createSystem({ logger: silent });
  await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    children: [
      SseClient.resilient({
        id: 'live',
        url: `${options.url}api/live`,
        headers: headersOf(options),
        idleTimeout,
        minDelay: 500,
        maxDelay: 8000,
        restart: 'temporary',
        handle: ({ type, data }) => {
          try {
            return listener.event(type, data)?.catch(failed);
          } catch (error) {
            return failed(error);
          }
        },
        onStatus: (status) => {
          if (status.type === 'disconnected') {
            const { failure } = status;
            const refusal = 'status' in failure && refusalOf(options, failure.status);
            listener.lost(refusal || noObserver(options, 'the end of its stream'));
          } else if (status.type === 'gaveUp') {
            const { failure } = status;
            listener.refused(errorOf(options, 'status' in failure ? failure.status : 0));
          }
        },
      }),
    ],
  });
  return system;
}

function errorOf(options: TopOptions, status: number): UnreachableError {
  return refusalOf(options, status) ?? noObserver(options, 'another answer than a stream');
}
