import { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';

import type { GotOptions } from '../http/request.ts';
import { settle } from '../maybe-promise.ts';

/** The part of `fetch` that a user's function has to implement. */
export type FetchLike = (
  url: string | URL,
  init: EventSourceFetchInit,
) => Promise<FetchLikeResponse>;

/** The second argument of a user's `fetch`, which may change it (WHATWG HTML 9.2.2). */
export interface EventSourceFetchInit {
  signal: AbortSignal;
  headers: { [name: string]: string; Accept: 'text/event-stream' };
  mode: 'cors';
  /** `include` with `withCredentials`. */
  credentials: 'include' | 'same-origin';
  cache: 'no-store';
  redirect: 'follow';
}

/** The part of a `Response` that is read. */
export interface FetchLikeResponse {
  readonly status: number;
  /** The URL that answered, after redirects. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  /** The bytes of the stream, already decompressed. */
  readonly body: { getReader(): ReaderLike } | Response['body'] | null;
}

export interface ReaderLike {
  read(): Promise<{ readonly done: boolean; readonly value?: Chunk | undefined }>;
  cancel(): Promise<unknown>;
}

type Chunk = Uint8Array | DataView | ArrayBuffer;

/** Options that make got send its requests with a user's `fetch`. The rest stays as it is. */
export function requestBy(fetch: FetchLike, withCredentials: boolean): GotOptions {
  const credentials = withCredentials ? 'include' : 'same-origin';
  const request = (url: URL, { headers }: { readonly headers: SentHeaders }): FetchRequest =>
    new FetchRequest(url, (signal) =>
      fetch(new URL(url), {
        signal,
        headers: fetchHeaders(headers),
        mode: 'cors',
        credentials,
        cache: 'no-store',
        redirect: 'follow',
      }),
    );
  // An option of got that its documentation does not name: test/assumptions.test.ts checks it.
  return { request } as GotOptions;
}

type SentHeaders = Readonly<Record<string, string | undefined>>;

/** The client's own headers, without got's, in the spelling that programs expect. */
function fetchHeaders(sent: SentHeaders): EventSourceFetchInit['headers'] {
  const { 'last-event-id': lastEventId, authorization } = sent;
  return {
    Accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
    // From the credentials of the URL: `fetch` refuses a URL that has them.
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  };
}

/** A request of Node, as far as got uses it. */
class FetchRequest extends Writable {
  /** Set once there is a response. As with Node's, a later close is no failure of the request. */
  res: FetchResponse | undefined = undefined;
  readonly #url: URL;
  readonly #fetch: (signal: AbortSignal) => Promise<FetchLikeResponse>;
  readonly #controller: AbortController = new AbortController();

  constructor(url: URL, fetch: (signal: AbortSignal) => Promise<FetchLikeResponse>) {
    super({ autoDestroy: false });
    this.#url = url;
    this.#fetch = fetch;
  }

  override _final(done: () => void): void {
    done();
    void this.#run();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#controller.abort();
    done(error);
  }

  async #run(): Promise<void> {
    try {
      this.res = new FetchResponse(await this.#fetched(), this.#url);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (this.destroyed) {
      // A `fetch` that ignores its signal: the response is read no more.
      this.res.destroy();
      return;
    }
    this.emit('response', this.res);
  }

  async #fetched(): Promise<FetchLikeResponse> {
    try {
      return await this.#fetch(this.#controller.signal);
    } catch (thrown) {
      throw networkError(thrown);
    }
  }
}

/** A response of Node, as far as got uses it. */
class FetchResponse extends Readable {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #url: string;
  readonly #reader: ReaderLike | undefined;

  constructor(response: FetchLikeResponse, requested: URL) {
    super({ highWaterMark: 1 });
    assertResponse(response);
    const { status, headers, url } = response;
    this.statusCode = status;
    // Without `content-encoding`: `fetch` has decompressed the body and leaves the header there.
    this.headers = pick(headers, ['content-type', 'location']);
    // A `Response` that a program constructs has an empty URL.
    this.#url = url || requested.href;
    this.#reader = (response.body as { getReader(): ReaderLike } | null)?.getReader();
  }

  get url(): string {
    return this.#url;
  }

  /** Ignores got's assignment of the requested URL: `fetch` knows the URL after redirects. */
  set url(_requested: string) {}

  override _read(): void {
    void this.#pull();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#cancel();
    done(error);
  }

  #cancel(): void {
    // No code waits for the result of the cancel.
    settle(
      () => this.#reader?.cancel(),
      () => undefined,
    );
  }

  async #pull(): Promise<void> {
    try {
      this.push(await this.#next());
    } catch (thrown) {
      this.destroy(networkError(thrown));
    }
  }

  /** The next bytes; `null` at the end. */
  async #next(): Promise<Uint8Array | null> {
    const { done, value } = (await this.#reader?.read()) ?? { done: true };
    return done || value === undefined ? null : bytesOf(value);
  }
}

function assertResponse(response: FetchLikeResponse): void {
  const body = response?.body as { readonly getReader?: unknown } | null | undefined;
  const isReadable = body === null || typeof body?.getReader === 'function';
  if (typeof response?.status !== 'number' || !isReadable) {
    const got = inspect(response, { depth: 0 });
    throw new TypeError(
      `Expected fetch to give a Response whose body is a web ReadableStream, got ${got}`,
    );
  }
}

function pick(
  headers: FetchLikeResponse['headers'],
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

function bytesOf(chunk: Chunk): Uint8Array {
  return ArrayBuffer.isView(chunk)
    ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : Buffer.from(chunk);
}

/**
 * The error for got, never a `TypeError`: `fetch` rejects with one for a network failure, and got
 * would take it for a mistake of its caller. The `cause` has the details.
 */
function networkError(thrown: unknown): Error {
  const { cause = thrown } = (thrown ?? {}) as { readonly cause?: unknown };
  const { code, message } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return Object.assign(new Error(message ?? String(cause)), {
    code: typeof code === 'string' ? code : 'ERR_FETCH',
  });
}
