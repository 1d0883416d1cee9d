/** The head of a response, as `fetch` shows it. */
export interface FetchedHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** After redirects, without its fragment. */
  readonly url: string;
  readonly redirected: boolean;
}

/**
 * A response of the network. The constructor of `Response` takes no URL, no status above 599, and
 * no immutable headers: they are properties of the object.
 */
export function responseOf(body: ReadableStream<Uint8Array> | null, head: FetchedHead): Response {
  // The headers too: the type of a `blob()` and the boundary of a `formData()` are in them.
  const response = new Response(body, { headers: head.headers });
  const { clone } = Response.prototype;
  return withOwn(response, {
    ...head,
    ok: head.status >= 200 && head.status < 300,
    type: 'basic',
    clone: () => responseOf(clone.call(response).body, head),
  });
}

/**
 * The headers of a response of the network: no code can change them, as their guard is `immutable`
 * (WHATWG Fetch 5.1). `raw`: names and values by turns, as Node has them.
 */
export function fetchedHeaders(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (const [at, name] of raw.entries()) {
    // Over HTTP/2 Node has the status among them.
    if (at % 2 === 0 && !name.startsWith(':')) {
      headers.append(name, raw[at + 1] ?? '');
    }
  }
  return withOwn(headers, { append: refuse, delete: refuse, set: refuse });
}

function withOwn<Target extends object>(target: Target, values: Partial<Target>): Target {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(target, name, { value, configurable: true });
  }
  return target;
}

function refuse(): never {
  throw new TypeError('Expected headers that can be changed, got those of a response of fetch');
}
