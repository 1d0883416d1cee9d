import type { IncomingMessage, ServerResponse } from 'node:http';

import { isAlive, type System } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { look } from '../look/look.ts';
import { reasonsNotReady } from './readiness.ts';

/** Which streams have to make progress. */
export interface HealthOptions {
  /**
   * How long each of these streams may neither handle an event nor hear a byte, in ms, by its path
   * or its id: `{ prices: 60_000 }`. Default: none is named.
   */
  readonly progress?: Readonly<Record<string, number>>;
}

/** A handler for `node:http`. */
export type HealthHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Handlers for the probes of an orchestrator. */
export interface Health {
  /** 200 while the system runs: restart the program if not. */
  readonly live: HealthHandler;
  /**
   * 200 while the program makes progress: send it no work if not. 503 while it starts or stops,
   * when no supervisor runs, when no stream at all makes progress, or one that is named does not.
   */
  readonly ready: HealthHandler;
}

const keys: KeysOf<Required<HealthOptions>> = { progress: true };

/**
 * Handlers for `/livez` and `/readyz`. They answer with a status and one word: no name leaves the
 * program, so they need no token. Which reason there is says `judge`, or the log.
 *
 * A restart that succeeds is no unreadiness, and neither is one bad stream of forty: that would
 * take the whole program out of service. A program without a supervisor is never ready.
 * @throws TypeError for an unknown option; RangeError for a limit that is not above 0
 * @see https://kubernetes.io/docs/concepts/workloads/pods/probes/
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { once } from 'node:events';
 * import { Supervisor } from '@reprise/actor';
 * import { createTestSystem } from '@reprise/actor/testing';
 * import { health } from '@reprise/observer/metrics';
 *
 * const system = createTestSystem();
 * const { live, ready } = health(system);
 * const server = createServer((request, response) =>
 *   request.url === '/readyz' ? ready(request, response) : live(request, response),
 * ).listen(0, '127.0.0.1');
 * await once(server, 'listening');
 * const address = server.address();
 * const port = typeof address === 'object' ? address?.port : undefined;
 * const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
 * console.log(await ask('/livez'), await ask('/readyz')); // 200 503
 * await Supervisor.startLink(system, { strategy: 'oneForOne', children: [] });
 * console.log(await ask('/readyz')); // 200
 * server.closeAllConnections();
 * server.close();
 * await system.stop();
 * ```
 */
export function health(system: System, options: HealthOptions = {}): Health {
  assertKnownKeys('health', options, keys);
  const { progress = {} } = options;
  for (const [name, limit] of Object.entries(progress)) {
    if (typeof limit !== 'number' || !(limit > 0)) {
      throw new RangeError(
        `Expected the progress of ${name} in ms above 0, got ${describe(limit)}`,
      );
    }
  }
  // From now on everything is recorded.
  look(system);
  const isReady = (): boolean =>
    isRunning(system) && reasonsNotReady(system, look(system), progress).length === 0;
  return {
    live: (request, response) => {
      answer(request, response, isRunning(system) ? 'live' : undefined);
    },
    ready: (request, response) => {
      answer(request, response, isReady() ? 'ready' : undefined);
    },
  };
}

function isRunning({ pid }: System): boolean {
  return isAlive(pid);
}

function answer({ method }: IncomingMessage, response: ServerResponse, word?: string): void {
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  response
    .writeHead(word === undefined ? 503 : 200, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    })
    .end(`${word ?? 'unavailable'}\n`);
}
