import { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';

import type { GotOptions } from '../http/request.ts';

/** As much of `fetch` as a user's own has to be. */
export type FetchLike = (
  url: string | URL,
  init: EventSourceFetchInit,
) => Promise<FetchLikeResponse>;

/**
 * What a user's `fetch` is called with: to be handed on, with what is to be different (WHATWG HTML
 * 9.2.2).
 */
export interface EventSourceFetchInit {
  signal: AbortSignal;
  headers: { [name: string]: string; Accept: 'text/event-stream' };
  mode: 'cors';
  /** `include` with `withCredentials`. */
  credentials: 'include' | 'same-origin';
  cache: 'no-store';
  redirect: 'follow';
}

/** As much of a `Response` as is looked at. */
export interface FetchLikeResponse {
  readonly status: number;
  /** After redirects. */
  readonly url: string;
  readonly headers: { get(name: string): string | null };
  /** Not decoded by anybody any more: bytes of the stream. */
  readonly body: { getReader(): ReaderLike } | Response['body'] | null;
}

export interface ReaderLike {
  read(): Promise<{ readonly done: boolean; readonly value?: Chunk | undefined }>;
  cancel(): Promise<unknown>;
}

type Chunk = Uint8Array | DataView | ArrayBuffer;

/**
 * Has got make its requests with a user's `fetch`: all that comes after the response is as ever.
 */
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

/** Those that are ours, and not got's, in the spelling that programs look for. */
function fetchHeaders(sent: SentHeaders): EventSourceFetchInit['headers'] {
  const { 'last-event-id': lastEventId, authorization } = sent;
  return {
    Accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }),
    // Of the URL, which `fetch` would refuse.
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  };
}

/** What got takes for a request of Node. */
class FetchRequest extends Writable {
  /**
   * There once there is a response: as with Node's, what is closed after that is no failure of the
   * request.
   */
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

/** What got takes for a response of Node. */
class FetchResponse extends Readable {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #url: string;
  readonly #reader: ReaderLike | undefined;

  constructor(response: FetchLikeResponse, asked: URL) {
    super({ highWaterMark: 1 });
    assertResponse(response);
    const { status, headers, url } = response;
    this.statusCode = status;
    // No `content-encoding`: a `fetch` has undone it, and leaves the header there.
    this.headers = pick(headers, ['content-type', 'location']);
    // A response that was made by hand has none.
    this.#url = url || asked.href;
    this.#reader = (response.body as { getReader(): ReaderLike } | null)?.getReader();
  }

  get url(): string {
    return this.#url;
  }

  /** got writes here what was asked; where the redirects led is not its to know. */
  set url(_asked: string) {}

  override _read(): void {
    void this.#pull();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#cancel();
    done(error);
  }

  #cancel(): void {
    // What a stream says of being cancelled, nobody waits for.
    this.#reader?.cancel().catch(() => undefined);
  }

  async #pull(): Promise<void> {
    try {
      this.push(await this.#next());
    } catch (thrown) {
      this.destroy(networkError(thrown));
    }
  }

  /** `null` at the end. */
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
 * Never a `TypeError`: with one a `fetch` means a cable that is pulled out, and got a caller's
 * mistake. The cause of it says more.
 */
function networkError(thrown: unknown): Error {
  const { cause = thrown } = (thrown ?? {}) as { readonly cause?: unknown };
  const { code, message } = (cause ?? {}) as Partial<NodeJS.ErrnoException>;
  return Object.assign(new Error(message ?? String(cause)), {
    code: typeof code === 'string' ? code : 'ERR_FETCH',
  });
}
