import type { ConnectFailure, Disconnect } from '../http/failure.ts';
import { formatFailure } from '../http/format-failure.ts';

/**
 * The error of `events` and `eventStream` when they give up: no further attempt would help, or
 * `maxAttempts` or `maxElapsed` allows none. The message says why in one line.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * import { events, GaveUpError } from '@reprise/sse';
 *
 * const server = createServer((_request, response) => response.writeHead(404).end());
 * await new Promise<void>((resolve) => server.listen(0, resolve));
 * const { port } = server.address() as { port: number };
 *
 * try {
 *   for await (const { data } of events(`http://localhost:${port}/`)) {
 *     console.log(data);
 *   }
 * } catch (error) {
 *   if (error instanceof GaveUpError) {
 *     console.log(error.code, error.failure.type); // ERR_SSE_GAVE_UP status
 *   }
 * }
 * server.close();
 * ```
 */
export class GaveUpError extends Error {
  override readonly name = 'GaveUpError' as const;
  readonly code = 'ERR_SSE_GAVE_UP' as const;
  /** The failure of the last attempt, or the end of the last stream; also the `cause`. */
  readonly failure: ConnectFailure | Disconnect;

  constructor(failure: ConnectFailure | Disconnect) {
    super(`gave up: ${formatFailure(failure)}`, { cause: failure });
    this.failure = failure;
  }
}
