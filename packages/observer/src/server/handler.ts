import type { IncomingMessage, ServerResponse } from 'node:http';

import type { System } from '@reprise/actor';
import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { assertToken } from '../token.ts';
import { createApi } from './api.ts';
import { type Answer, plain, type Question } from './exchange.ts';
import { Gate } from './gate.ts';
import { Mount } from './mount.ts';
import { assertShown, showKeys, type ShowOptions } from './options.ts';
import { Site } from './site.ts';

/** The options of an observer within a server of the program. */
export interface HandlerOptions extends ShowOptions {
  /**
   * Who may read: a function that tells for each request, or a token, for which the page asks. A
   * function lets in by `true` alone; one that throws, or has not told after 5 s, lets nobody in.
   */
  readonly gate: { readonly token: string } | GateFunction;
  /**
   * The path where the page is mounted, such as `/ops/reprise`. A server that takes this part away
   * itself, as Express does, needs none. Default: the root.
   */
  readonly path?: string;
}

export type GateFunction = (request: IncomingMessage | Request) => boolean | Promise<boolean>;

const handlerKeys: KeysOf<HandlerOptions> = { ...showKeys, gate: true, path: true };

/** The page as a part of a server. */
export interface ObserverHandler {
  /** For `node:http`, and for servers with its requests and responses. */
  (request: IncomingMessage, response: ServerResponse): void;
  /** For servers of the Fetch standard. */
  fetch(request: Request): Promise<Response>;
}

/** How long a function may take to tell whether a request may go on, in ms. */
const gateTimeout = 5000;

/**
 * The observer's page for a server of the program, below any path: as a listener of `node:http`, as
 * a handler of Express, after `reply.hijack()` in Fastify, and as `fetch` in Hono or Next. The
 * system is recorded from now on.
 * @throws TypeError without a `gate`, and for other options that are wrong
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { observerHandler } from '@reprise/observer';
 *
 * const system = createSystem();
 * const page = observerHandler(system, {
 *   path: '/reprise',
 *   gate: (request) => request instanceof Request && request.headers.get('x-user') === 'admin',
 * });
 * const asAdmin = { headers: { 'x-user': 'admin' } };
 * const url = 'http://localhost/reprise/api/crashes';
 * console.log((await page.fetch(new Request(url))).status); // 403
 * console.log((await page.fetch(new Request(url, asAdmin))).status); // 200
 * await system.stop();
 * ```
 */
export function observerHandler(system: System, options: HandlerOptions): ObserverHandler {
  assertKnownKeys('observerHandler', options, handlerKeys);
  assertShown(options);
  const { gate, path = '', origin } = options;
  assertGate(gate);
  assertPath(path);
  const api = createApi(system, options);
  const who =
    typeof gate === 'function' ? ({ request }: Question) => ask(system, gate, request) : gate;
  const rules = { hosts: undefined, origin, who };
  const site = new Site(new Gate(rules, system.clock), api);
  const mount = new Mount(site, path, (err) => {
    system.logger.error({ err }, 'the observer has failed to answer a request');
  });
  return Object.assign(
    (request: IncomingMessage, response: ServerResponse) => void mount.handle(request, response),
    { fetch: (request: Request) => mount.fetch(request) },
  );
}

function assertGate(gate: unknown): void {
  const token = (gate as { readonly token?: unknown } | null | undefined)?.token;
  if (typeof gate !== 'function' && typeof token !== 'string') {
    throw new TypeError(
      `Expected gate of observerHandler, a function or { token }, which says who may read, got ${describe(gate)}`,
    );
  }
  if (typeof gate === 'object') {
    assertKnownKeys('gate', gate, { token: true });
  }
  assertToken(token as string | undefined);
}

function assertPath(path: unknown): void {
  if (typeof path !== 'string' || !/^(?:\/[\w.~-]+)*\/?$/.test(path)) {
    throw new TypeError(`Expected path to be like "/ops/reprise", got ${describe(path)}`);
  }
}

/** The answer to a request that the function of the program does not let in. */
async function ask(
  system: System,
  gate: GateFunction,
  request: IncomingMessage | Request,
): Promise<Answer | undefined> {
  const { clock } = system;
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = clock.setTimeout(() => {
    resolve('late');
  }, gateTimeout);
  try {
    const verdict = await Promise.race([gate(request), late]);
    if (verdict === 'late') {
      return plain(503, 'The gate has not answered');
    }
    return (verdict as unknown) === true ? undefined : forbidden;
  } catch (err) {
    system.logger.warn({ err }, 'the gate of the observer failed, and refused a request');
    return forbidden;
  } finally {
    clock.clearTimeout(timer);
  }
}

const forbidden = plain(403, 'Not allowed');
