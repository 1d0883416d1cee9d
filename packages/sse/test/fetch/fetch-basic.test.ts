/**
 * The rules of `fetch/api` in web-platform-tests for requests and responses. Each title begins with
 * the file there.
 */
import { describe, expect, test } from '@jest/globals';
import { FetchError, guarded } from '@reprise/sse/fetch';

import { serveRaw } from '../support/servers.ts';
import { serveWpt } from '../support/wpt-server.ts';

const fetch = guarded();
const typeError = { name: 'TypeError' };

interface Inspected {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function inspected(init: RequestInit = {}): Promise<Inspected> {
  await using server = await serveWpt();
  return (await (await fetch(server.at('/inspect-headers'), init)).json()) as Inspected;
}

/** The body that a server gets. */
async function echoed(init: RequestInit): Promise<string> {
  await using server = await serveWpt();
  const request = { method: 'POST', duplex: 'half', ...init } as const;
  return (await fetch(server.at('/echo-content'), request)).text();
}

describe('request headers', () => {
  test('accept-header.any.js: the defaults are any type and any language', async () => {
    const { headers } = await inspected();
    expect(headers).toMatchObject({ accept: '*/*', 'accept-language': '*' });
    expect((await inspected({ headers: { accept: 'a/b' } })).headers).toMatchObject({
      accept: 'a/b',
    });
  });

  test.each([
    ['GET', undefined],
    ['HEAD', undefined],
    ['DELETE', undefined],
    ['OPTIONS', undefined],
    ['REPORT', undefined],
    ['PUT', '0'],
    ['POST', '0'],
    ['PATCH', '0'],
  ])(
    'request-headers.any.js: %s without a body has the Content-Length %s',
    async (method, size) => {
      await using server = await serveWpt();
      await fetch(server.at('/method'), { method });
      expect(server.requests[0]?.headers['content-length']).toBe(size);
      expect(server.requests[0]?.headers['transfer-encoding']).toBeUndefined();
    },
  );

  test.each([
    ['a string', 'Request', '7', 'text/plain;charset=UTF-8'],
    [
      'URLSearchParams',
      new URLSearchParams('a=b'),
      '3',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['a Blob with a type', new Blob(['Test'], { type: 'text/maybe' }), '4', 'text/maybe'],
    ['a Blob without one', new Blob(['Test']), '4', undefined],
    ['bytes', new Uint8Array(5), '5', undefined],
  ])('request-headers.any.js: %s has its length and its type', async (_name, body, size, type) => {
    const { headers } = await inspected({ method: 'POST', body });
    expect([headers['content-length'], headers['content-type']]).toEqual([size, type]);
  });

  test('request-headers.any.js: the body of a Request has its length, too', async () => {
    await using server = await serveWpt();
    const request = new Request(server.at('/inspect-headers'), { method: 'POST', body: 'Request' });
    const { headers } = (await (await fetch(request)).json()) as Inspected;
    expect(headers['content-length']).toBe('7');
    expect(headers['transfer-encoding']).toBeUndefined();
  });

  test('request-headers.any.js: a form has its length, and the boundary in its type', async () => {
    const body = new FormData();
    body.append('a', 'b');
    body.append('f', new File(['c'], 'f.txt', { type: 'text/x' }));
    const { headers } = await inspected({ method: 'POST', body });
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=-/);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });

  test.each(['connection', 'content-length', 'host', 'transfer-encoding', 'te', 'upgrade'])(
    'request-forbidden-headers.any.js: %s belongs to the connection, and cannot be set',
    async (name) => {
      const { headers } = await inspected({ headers: { [name]: '99' } });
      expect(headers[name]).not.toBe('99');
    },
  );

  test('a Range comes without compression', async () => {
    const { headers } = await inspected({ headers: { range: 'bytes=0-1' } });
    expect(headers['accept-encoding']).toBe('identity');
  });
});

describe('bodies of requests', () => {
  const bytes = Uint8Array.of(84, 101, 115, 116);
  test.each([
    ['a string', 'Test'],
    ['URLSearchParams', new URLSearchParams('Test')],
    ['a Blob', new Blob(['Test'])],
    ['an ArrayBuffer', bytes.buffer],
    ['a Uint8Array', bytes],
    ['a DataView', new DataView(bytes.buffer)],
    ['a ReadableStream', new ReadableStream({ start: (to) => (to.enqueue(bytes), to.close()) })],
  ])('request-upload.any.js: %s is sent', async (_name, body) => {
    expect(await echoed({ body })).toBe(body instanceof URLSearchParams ? 'Test=' : 'Test');
  });

  test('request-upload.any.js: a stream is sent as it comes', async () => {
    await using server = await serveWpt();
    const chunks = ['a', 'b', 'c'].map((text) => Buffer.from(text));
    const body = new ReadableStream({
      pull: async (to) => {
        await new Promise(setImmediate);
        const chunk = chunks.shift();
        return chunk === undefined ? to.close() : to.enqueue(chunk);
      },
    });
    const response = await fetch(server.at('/echo-content'), {
      method: 'POST',
      body,
      duplex: 'half',
    });
    expect(await response.text()).toBe('abc');
    expect(server.requests[0]?.headers['transfer-encoding']).toBe('chunked');
  });

  test.each([
    ['a string', 'Test'],
    ['null', null],
    ['a number', 99],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a Blob', new Blob([])],
  ])('request-upload.any.js: a stream of %s is a TypeError', async (_name, chunk) => {
    const body = ReadableStream.from<unknown>([chunk]) as ReadableStream<Uint8Array>;
    await expect(echoed({ body })).rejects.toMatchObject(typeError);
  });

  test('a stream that fails is a TypeError with its error as the cause of the cause', async () => {
    const failure = new Error('disk');
    const body = new ReadableStream({ start: (to) => to.error(failure) });
    await expect(echoed({ body })).rejects.toMatchObject({
      ...typeError,
      cause: { failure: { type: 'request', error: failure }, cause: failure },
    });
  });

  test('request-init-stream.any.js: a stream without duplex is a TypeError, and one is used once', async () => {
    const init = { method: 'POST', body: new ReadableStream(), duplex: 'half' } as const;
    const { duplex: _duplex, ...without } = init;
    await expect(fetch('http://a/', without)).rejects.toMatchObject(typeError);
    init.body.getReader();
    await expect(fetch('http://a/', init)).rejects.toMatchObject(typeError);
  });

  test('names, values and files are encoded as a browser does', async () => {
    const body = new FormData();
    body.append('a\n"b"', 'one\ntwo');
    body.append('f', new File(['three'], 'x\r\n".txt'));
    const text = await echoed({ body });
    const [, boundary = ''] = /^--(.*)\r\n/.exec(text) ?? [];
    expect(text.replaceAll(boundary, 'B')).toBe(
      [
        '--B',
        'Content-Disposition: form-data; name="a%0D%0A%22b%22"',
        '',
        'one',
        'two',
        '--B',
        'Content-Disposition: form-data; name="f"; filename="x%0D%0A%22.txt"',
        'Content-Type: application/octet-stream',
        '',
        'three',
        '--B--',
        '',
      ].join('\r\n'),
    );
  });

  test('request-bad: a method that is none, credentials in the URL and a relative URL are TypeErrors', async () => {
    await expect(fetch('http://a/', { method: 'a b' })).rejects.toMatchObject(typeError);
    await expect(fetch('http://me:pw@a/')).rejects.toMatchObject(typeError);
    await expect(fetch('/a')).rejects.toMatchObject(typeError);
  });
});

describe('responses', () => {
  test('header-value-combining.any.js: values of one name are joined, cookies are not', async () => {
    await using server = await serveWpt();
    const { headers } = await fetch(server.at('/headers'));
    expect([headers.get('foo-test'), headers.get('heya')]).toEqual(['1, 2, 3', ', 1']);
    expect(headers.getSetCookie()).toEqual(['a=b', 'c=d']);
  });

  test('headers-basic: headers of a response are immutable', async () => {
    await using server = await serveWpt();
    const { headers } = await fetch(server.at('/data.json'));
    expect(() => headers.append('a', 'b')).toThrow(TypeError);
    expect(() => headers.set('a', 'b')).toThrow(TypeError);
    expect(() => headers.delete('date')).toThrow(TypeError);
    expect(new Headers(headers).get('content-type')).toBe('application/json');
  });

  test.each([200, 201, 299, 404, 500, 599, 600, 999])(
    'the status %i comes with its text, also an empty one',
    async (status) => {
      await using server = await serveRaw((socket) => {
        socket.end(`HTTP/1.1 ${status} \r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`);
      });
      const response = await fetch(server.url);
      const { ok, statusText } = response;
      expect([response.status, ok, statusText]).toEqual([status, status < 300, '']);
      expect(await response.text()).toBe('hi');
    },
  );

  test('a status text is the one that the server sent', async () => {
    await using server = await serveWpt();
    const { statusText } = await fetch(server.at('/status?code=210&text=Very%20Fine'));
    expect(statusText).toBe('Very Fine');
  });

  test.each(['status?code=204', 'status?code=205', 'status?code=304'])(
    'response-null-body.any.js: %s has no body',
    async (path) => {
      await using server = await serveWpt();
      const response = await fetch(server.at(`/${path}`));
      expect(response.body).toBeNull();
      expect(await response.text()).toBe('');
    },
  );

  test('response-null-body.any.js: the answer to HEAD has no body', async () => {
    await using server = await serveWpt();
    const { body, headers } = await fetch(server.at('/data.json'), { method: 'HEAD' });
    expect([body, headers.get('content-type')]).toEqual([null, 'application/json']);
  });

  test('http-response-code.any.js: 425 is not asked again', async () => {
    await using server = await serveWpt();
    const { status } = await fetch(server.at('/status?code=425'));
    expect([status, server.requests.length]).toEqual([425, 1]);
  });

  test('stream-response.any.js: a body is a stream of bytes, with readers of both kinds', async () => {
    await using server = await serveWpt();
    const { body } = await fetch(server.at('/data.json'));
    const reader = (body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' });
    const { value } = await reader.read(new Uint8Array(4));
    expect(Buffer.from(value ?? [])).toEqual(Buffer.from('{"ke'));
    reader.releaseLock();
    const rest = await (body as ReadableStream<Uint8Array>).getReader().read();
    expect(rest.value).toBeInstanceOf(Uint8Array);
    expect(String(Buffer.from(rest.value ?? []))).toBe('y": "value"}');
  });

  test('stream-response.any.js: a reader with its own buffer is told of the end', async () => {
    await using server = await serveWpt();
    const { body } = await fetch(server.at('/empty.txt'));
    const reader = (body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' });
    const { done, value } = await reader.read(new Uint8Array(4));
    expect([done, value?.byteLength]).toEqual([true, 0]);
  });

  test('stream-safe-creation: a stream is closed with its last bytes', async () => {
    await using server = await serveWpt();
    const { body } = await fetch(server.at('/data.json'));
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await expect(reader.closed).resolves.toBeUndefined();
  });

  test('response-clone.any.js: a clone has its own body, and the same head', async () => {
    await using server = await serveWpt();
    const response = await fetch(server.at('/data.json'));
    const clone = response.clone();
    expect([clone.url, clone.status, clone.type]).toEqual([response.url, 200, 'basic']);
    expect(await clone.text()).toBe(await response.text());
    expect(() => response.clone()).toThrow('clone');
  });

  test('response-consume.html: json, text, arrayBuffer, blob and formData read the body once', async () => {
    await using server = await serveWpt();
    const get = (): Promise<Response> => fetch(server.at('/data.json'));
    expect(await (await get()).json()).toEqual({ key: 'value' });
    expect((await (await get()).arrayBuffer()).byteLength).toBe(16);
    const blob = await (await get()).blob();
    expect([blob.size, blob.type]).toEqual([16, 'application/json']);
    await expect((await get()).formData()).rejects.toMatchObject(typeError);
    const read = await get();
    await read.text();
    expect(read.bodyUsed).toBe(true);
    await expect(read.text()).rejects.toMatchObject(typeError);
  });

  test('a body that cannot be decoded is a TypeError', async () => {
    await using server = await serveRaw((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc');
    });
    const response = await fetch(server.url);
    await expect(response.text()).rejects.toMatchObject(typeError);
  });

  test('a response is a Response, and shows itself as one', async () => {
    await using server = await serveWpt();
    const response = await fetch(server.at('/data.json#part'));
    expect(response).toBeInstanceOf(Response);
    expect(response.constructor).toBe(Response);
    expect(response.url).toBe(server.at('/data.json'));
    expect([response.type, response.redirected]).toEqual(['basic', false]);
  });
});

describe('schemes', () => {
  test('scheme-data.any.js, scheme-blob.sub.any.js: data: and blob: need no server', async () => {
    expect(await (await fetch('data:text/plain,hi')).text()).toBe('hi');
    const url = URL.createObjectURL(new Blob(['blob']));
    expect(await (await fetch(url)).text()).toBe('blob');
    URL.revokeObjectURL(url);
  });

  test.each(['about:blank', 'file:///etc/hosts', 'ftp://a/', 'unix:/a'])(
    'scheme-about.any.js: %s is a network error',
    async (url) => {
      const error = await fetch(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(typeError);
      expect((error as TypeError).cause).toBeInstanceOf(FetchError);
    },
  );

  test('a fetch that takes the place of the one of Node does not ask itself', async () => {
    const { fetch: original } = globalThis;
    try {
      globalThis.fetch = guarded() as typeof original;
      expect(await (await globalThis.fetch('data:,hi')).text()).toBe('hi');
    } finally {
      globalThis.fetch = original;
    }
  });
});
