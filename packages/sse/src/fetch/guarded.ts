import { channel } from 'node:diagnostics_channel';

import { systemClock } from '@reprise/actor';
import { systemDefaults } from '@reprise/actor/options';

import { callOutside } from '../maybe-promise.ts';
import { FetchCall } from './call.ts';
import { multipart } from './multipart.ts';
import { type CheckedOptions, checkedOptions, type GuardOptions } from './options.ts';
import type { BodyEnd } from './response-body.ts';
import { FetchRecord, type FetchStatus, type FetchStatusChange } from './status.ts';

/** A `fetch` as the standard has it, with limits. */
export interface GuardedFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The requests in flight, oldest first: those whose response or body has not come to its end. */
  readonly requests: readonly FetchStatus[];
}

/**
 * A `fetch` (WHATWG Fetch) whose requests and bodies come to an end: with a limit for the head of
 * the response, for silence, for the time and the size of bodies and events. Each limit that is
 * passed is a `FetchError`. Headers stay at their origin over redirects. It sends each request
 * once, on a connection of its own, and reads a body only as fast as the program does.
 * docs/sse/guarded-fetch.md lists where it differs from the `fetch` of Node.
 * @throws TypeError or RangeError for options that can never work. The `fetch` rejects with a
 * `FetchError`; with a `TypeError` for a network error, which has a `FetchError` as its cause, and
 * for arguments that can never work; and with the reason of its signal.
 * @see WHATWG Fetch 5.6
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 *
 * import { FetchError, guarded } from '@reprise/sse/fetch';
 *
 * const server = createServer((_request, response) => {
 *   response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
 * });
 * await new Promise<void>((resolve) => server.listen(0, resolve));
 * const { port } = server.address() as { port: number };
 *
 * const fetch = guarded({ idleTimeout: 100 }); // 60_000, for a real server
 * const response = await fetch(`http://localhost:${port}/`);
 * try {
 *   await response.text(); // the server sends no more, and does not end
 * } catch (error) {
 *   console.log(error instanceof FetchError && error.message); // idle timeout after 100 ms
 * }
 * server.close();
 * ```
 */
export function guarded(options: GuardOptions = {}): GuardedFetch {
  const guard = new Guard(checkedOptions(options));
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> =>
    guard.fetch(input, init);
  return Object.defineProperty(fetch, 'requests', {
    get: () => guard.requests,
    enumerable: true,
  }) as GuardedFetch;
}

const hostClock = systemClock();

/** Publishes the statuses that `onStatus` gets, of all `guarded` of the program. */
const statusChanges = channel('reprise:fetch');

class Guard {
  readonly #options: CheckedOptions;
  /** Kept from the start: a program may put `guarded` in its place. */
  readonly #platform: typeof globalThis.fetch = globalThis.fetch;
  readonly #records: Set<FetchRecord> = new Set();
  #count = 0;

  constructor(options: CheckedOptions) {
    this.#options = options;
  }

  get requests(): readonly FetchStatus[] {
    return [...this.#records].map((record) => record.read());
  }

  /** Not an async function: by the standard an aborted signal rejects before the next microtask. */
  fetch(input: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    try {
      const source = sourceOf(init?.body ?? null);
      const request = new Request(
        input,
        source === (init?.body ?? null) ? init : { ...init, body: source },
      );
      assertSupported(init, request);
      // No server is behind these.
      const isLocal = /^(?:data|blob):/.test(request.url);
      return isLocal ? this.#platform(request) : this.#run(request, source);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #run(request: Request, source: unknown): Promise<Response> {
    this.#count += 1;
    const clock = this.#options.clock ?? systemDefaults()?.clock ?? hostClock;
    const record = new FetchRecord(clock, this.#count, request);
    this.#records.add(record);
    const call = new FetchCall(request, { ...this.#options, clock }, record, {
      answered: () => {
        this.#tell({ type: 'answered', request: record.read() });
      },
      ended: (end) => {
        this.#records.delete(record);
        this.#tell(changeOf(end, record));
      },
    });
    this.#tell({ type: 'requested', request: record.read() });
    return call.run(source);
  }

  #tell(change: FetchStatusChange): void {
    callOutside(() => this.#options.onStatus(change));
    if (statusChanges.hasSubscribers) {
      statusChanges.publish(change);
    }
  }
}

function changeOf(end: BodyEnd, record: FetchRecord): FetchStatusChange {
  const request = record.read();
  switch (end.type) {
    case 'closed':
      return { type: 'ended', request };
    case 'aborted':
      return { type: 'aborted', request };
    default:
      return { type: 'failed', request, failure: end };
  }
}

/** A form gets a length, and can be sent again. */
function sourceOf(body: NonNullable<RequestInit['body']> | null): typeof body {
  return body instanceof FormData ? multipart(body) : body;
}

/** Options that would be ignored in silence: each of them keeps a promise. */
function assertSupported(init: RequestInit | undefined, { integrity }: Request): void {
  if (integrity !== '') {
    throw new TypeError('Expected no integrity, got one: guarded does not check it');
  }
  if (init?.dispatcher !== undefined) {
    throw new TypeError(
      'Expected no dispatcher of undici, got one: use guarded({ got: { agent } })',
    );
  }
}
