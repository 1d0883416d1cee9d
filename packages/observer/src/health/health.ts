import type { IncomingMessage, ServerResponse } from 'node:http';

import { isAlive, type System } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { judge } from '../judge/judge.ts';
import { look } from '../look/look.ts';
import { assertToken, rightToken } from '../token.ts';
import { reasonsNotReady } from './readiness.ts';

/** Which streams have to make progress. */
export interface HealthOptions {
  /**
   * How long each of these streams may neither handle an event nor hear a byte, in ms, by its path
   * or its id: `{ prices: 60_000 }`. Default: none is named.
   */
  readonly progress?: Readonly<Record<string, number>>;
  /**
   * A request with it, as `Authorization: Bearer …`, is told why the program is not ready, and the
   * findings of `judge`, as JSON: 22 characters or more, of those that a URL can hold. Default:
   * everybody gets one word.
   */
  readonly token?: string;
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

const keys: KeysOf<Required<HealthOptions>> = { progress: true, token: true };

/**
 * Handlers for `/livez` and `/readyz`. They answer with a status and one word: no name leaves the
 * program, so they need no token. Who has the `token` of the options is told the reasons, too.
 *
 * A restart that succeeds is no unreadiness, and neither is one bad stream of forty: that would
 * take the whole program out of service. A program without a supervisor is never ready.
 * @throws TypeError for an unknown option or a short token; RangeError for a limit that is not
 *   above 0
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
  const { progress = {}, token } = options;
  assertToken(token);
  assertProgress(progress);
  // From now on everything is recorded.
  look(system);
  const isTold = tokenCheck(token);
  return {
    live: (request, response) => {
      answer(request, response, isRunning(system) ? 'live' : undefined);
    },
    ready: (request, response) => {
      const seen = look(system);
      const reasons = isRunning(system)
        ? reasonsNotReady(system, seen, progress)
        : ['the system has ended'];
      const isReady = reasons.length === 0;
      const details = { ready: isReady, reasons, findings: judge(seen).findings };
      answer(
        request,
        response,
        isReady ? 'ready' : undefined,
        isTold(request) ? details : undefined,
      );
    },
  };
}

function assertProgress(progress: unknown): void {
  if (Object.prototype.toString.call(progress) !== '[object Object]') {
    throw new TypeError(
      `Expected progress to be like { prices: 60000 }, got ${describe(progress)}`,
    );
  }
  for (const [name, limit] of Object.entries(progress as object) as [string, unknown][]) {
    if (typeof limit !== 'number' || !(limit > 0)) {
      throw new RangeError(
        `Expected the progress of ${name} in ms above 0, got ${describe(limit)}`,
      );
    }
  }
}

function tokenCheck(token: string | undefined): (request: IncomingMessage) => boolean {
  const isRight = token === undefined ? () => false : rightToken(token);
  return ({ headers: { authorization = '' } }) => isRight(authorization);
}

function isRunning({ pid }: System): boolean {
  return isAlive(pid);
}

/** `details` instead of the word: for who has the token. */
function answer(
  { method }: IncomingMessage,
  response: ServerResponse,
  word: string | undefined,
  details?: object,
): void {
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  response
    .writeHead(word === undefined ? 503 : 200, {
      'content-type':
        details === undefined ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
    .end(details === undefined ? `${word ?? 'unavailable'}\n` : JSON.stringify(details));
}
