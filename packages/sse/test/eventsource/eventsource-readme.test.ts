import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createProxy } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterAll, expect, test } from '@jest/globals';

import { Queue } from '../support/queue.ts';
import { cert, key } from '../support/servers.ts';

/** The examples of the npm package `eventsource`, from the README of the installed version. */
const page = fileURLToPath(import.meta.resolve('eventsource')).replace(
  /dist[\\/]index\.js$/,
  'README.md',
);
const examples = [...readFileSync(page, 'utf8').matchAll(/^```(?:ts|js)\n(.*?)^```/gms)].map(
  ([, code = '']) => code,
);

const folder = mkdtempSync(join(tmpdir(), 'eventsource-readme-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('the page has the examples that are run here, one for another runtime, and one that has no EventSource', () => {
  const others = [/unsafeAgent/, /\/\/ Called twice per message on Cloudflare Workers/];
  const known = [usage, errors, bufferSize, headers, proxy, http2, supports, ...others];
  expect(examples).toHaveLength(known.length);
  for (const pattern of known) {
    expect(examples.filter((code) => pattern.test(code))).toHaveLength(1);
  }
});

const usage = /listen for events with the field `event: notice`/;
const errors = /console\.log\('not authorized'\)/;
const bufferSize = /maxBufferSize/;
const headers = /Bearer myToken/;
const proxy = /EnvHttpProxyAgent/;
const http2 = /allowH2/;
const supports = /eventsource\.supports-fetch-override/;

/** The requests to the server of an example, and its answers. */
interface Exchange {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
}

/** A TLS server at localhost, with HTTP/2, whose requests the test answers. */
async function serveExamples(): Promise<
  AsyncDisposable & { readonly url: string; next(): Promise<Exchange> }
> {
  const exchanges = new Queue<Exchange>();
  const server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    exchanges.push({ request, response });
  });
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('secureConnection', (socket) => sockets.add(socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/sse`,
    next: () => exchanges.next(),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) {
        socket.destroy();
      }
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

interface Program extends AsyncDisposable {
  /** The next line of its output. */
  next(): Promise<string>;
  /** Its exit status, once it has ended by itself. */
  readonly status: Promise<number | null>;
}

/**
 * Runs the example as a program, with our class as the global one. Only names are replaced in its
 * text: that of the package, the place of `undici`, the server. `before` and `after` are the lines
 * that a reader would have to add.
 */
function run(
  example: RegExp,
  url: string,
  { before = '', after = '', env = {} }: Readonly<Partial<Additions>> = {},
): Program {
  const code = (examples.find((text) => example.test(text)) ?? '')
    .replaceAll("from 'eventsource'", `from '${ours}'`)
    .replaceAll("from 'undici'", `from '${import.meta.resolve('undici')}'`)
    .replaceAll(/https:\/\/(?:my-server\.com\/sse|some\.url)/g, url);
  const file = join(folder, `${example.source.replaceAll(/\W+/g, '-')}.mjs`);
  writeFileSync(file, `globalThis.EventSource = (await import('${ours}')).EventSource;\n`);
  writeFileSync(file, `${before}\n${code}\n${after}`, { flag: 'a' });
  const child = spawn(process.execPath, ['--conditions=@reprise/source', file], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: authority, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = new Queue<string>();
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
  });
  const status = once(child, 'close').then(([status]) => status as number | null);
  return {
    next: () => lines.next(),
    status,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await status;
    },
  };
}

interface Additions {
  readonly before: string;
  readonly after: string;
  readonly env: Readonly<Record<string, string>>;
}

const ours = pathToFileURL(join(import.meta.dirname, '..', '..', 'src', 'eventsource.ts')).href;
const authority = join(import.meta.dirname, '..', 'fixtures', 'localhost.cert.pem');
const create = (url: string): string => `const es = new EventSource('${url}')`;
const printAndClose =
  "es.addEventListener('message', ({ data }) => { console.log(data); es.close() })";

function stream({ response }: Exchange, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(text);
}

test('“Usage”: each listener is called for its type', async () => {
  await using server = await serveExamples();
  await using program = run(usage, server.url);
  stream(
    await server.next(),
    'event: notice\ndata: a\n\nevent: update\ndata: b\n\nevent: other\ndata: c\n\ndata: d\n\n',
  );
  expect([await program.next(), await program.next(), await program.next()]).toEqual([
    'a',
    'b',
    'd',
  ]);
});

test('“Message and code properties on errors”: the code is there, and the program ends', async () => {
  await using server = await serveExamples();
  await using program = run(errors, server.url, { before: create(server.url) });
  const { response } = await server.next();
  response.writeHead(401).end();
  expect(await program.next()).toBe('not authorized');
  expect(await program.status).toBe(0);
});

test('“Limit parser buffer size”: an event above the limit fails the connection', async () => {
  await using server = await serveExamples();
  await using program = run(bufferSize, server.url, {
    after: 'es.onerror = ({ message }) => console.log(message, es.readyState)',
  });
  stream(await server.next(), `data: ${'x'.repeat(10 * 1024 * 1024 + 1)}\n\n`);
  expect(await program.next()).toBe('event above 10485760 bytes 2');
  expect(await program.status).toBe(0);
});

test('“Setting HTTP request headers”: they are set', async () => {
  await using server = await serveExamples();
  await using program = run(headers, server.url, { after: printAndClose });
  const exchange = await server.next();
  expect(exchange.request.headers).toMatchObject({
    accept: 'text/event-stream',
    authorization: 'Bearer myToken',
  });
  stream(exchange, 'data: x\n\n');
  expect(await program.next()).toBe('x');
  expect(await program.status).toBe(0);
});

test('“HTTP/HTTPS proxy”: the proxy of the environment is used', async () => {
  await using server = await serveExamples();
  const asked: (string | undefined)[] = [];
  const proxyServer = createProxy().on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    const upstream = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  await once(proxyServer.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxyServer.address() as AddressInfo;
  const proxyUrl = `http://127.0.0.1:${port}`;
  const env = { HTTPS_PROXY: proxyUrl, https_proxy: proxyUrl, NO_PROXY: '', no_proxy: '' };
  await using program = run(proxy, server.url, { after: printAndClose, env });
  stream(await server.next(), 'data: x\n\n');
  expect(await program.next()).toBe('x');
  expect(await program.status).toBe(0);
  expect(asked).toEqual([new URL(server.url).host]);
  await once(proxyServer.close(), 'close');
});

test('“Using HTTP2”: the stream comes by HTTP/2', async () => {
  await using server = await serveExamples();
  await using program = run(http2, server.url, { after: printAndClose });
  const exchange = await server.next();
  expect(exchange.request.httpVersion).toBe('2.0');
  stream(exchange, 'data: x\n\n');
  expect(await program.next()).toBe('x');
  expect(await program.status).toBe(0);
});

test('“Feature checking”: a library finds out that fetch is taken, and gives its own', async () => {
  await using server = await serveExamples();
  await using _program = run(supports, server.url, { after: 'yourLibrary({ polyfills: {} })' });
  const { request } = await server.next();
  expect(request.headers['x-some-header']).toBe('foo');
});
