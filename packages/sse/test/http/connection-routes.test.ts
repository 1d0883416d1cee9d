import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { Agent, createServer, type RequestListener } from 'node:http';
import { connect } from 'node:http2';
import { Agent as SecureAgent, createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import type { GotOptions } from '../../src/http/request.ts';
import { type Proxy, serveProxy } from '../support/proxy.ts';
import {
  cert,
  closedPort,
  allClosed,
  key,
  listen,
  serve,
  serveSecurely,
  type TestServer,
} from '../support/servers.ts';
import { http2, serveHttp2 } from '../support/versions.ts';
import { watch } from '../support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };
const stream: RequestListener = (_, response) => {
  response.writeHead(200, eventStream).write('data: x\n\n');
};
const redirectTo =
  (location: () => string): RequestListener =>
  (_, response) => {
    response.writeHead(307, { location: location() }).end();
  };
const secrets = { authorization: 'Bearer t', cookie: 'c=1' };

/** An option of agents with the form of `process.env`; Node's types have it from version 24 on. */
function proxied(proxyEnv: Readonly<Record<string, string>>): Required<Pick<GotOptions, 'agent'>> {
  const options = { proxyEnv } as object;
  return { agent: { http: new Agent(options), https: new SecureAgent(options) } };
}

function through(proxy: Proxy, more: Readonly<Record<string, string>> = {}) {
  const url = `http://127.0.0.1:${proxy.port}`;
  return proxied({ HTTP_PROXY: url, HTTPS_PROXY: url, ...more });
}

function asked({ asked: all }: Proxy): readonly string[] {
  return all.map(({ method, url }) => `${method} ${url}`);
}

function headersOf({ requests }: TestServer): readonly string[] {
  return requests.flatMap(({ headers }) => Object.keys(headers));
}

describe('a proxy', () => {
  test('REQ-08 for http: is sent the whole URL, and passes the stream on', async () => {
    await using server = await serve(stream);
    await using proxy = await serveProxy();
    using client = watch({ url: server.url, got: through(proxy) });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
    expect(asked(proxy)).toEqual([`GET ${server.url}`]);
    client.connection.destroy();
    await allClosed(server);
    await allClosed(proxy);
  });

  test('REQ-08 for https: opens a tunnel, in which TLS is the server’s', async () => {
    await using server = await serveSecurely(stream);
    await using proxy = await serveProxy();
    const got = through(proxy);
    using client = watch({ url: server.url, tls: { ca: cert }, headers: secrets, got });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
    expect(asked(proxy)).toEqual([`CONNECT 127.0.0.1:${server.port}`]);
    expect(Object.keys(proxy.asked[0]?.headers ?? {})).not.toEqual(
      expect.arrayContaining(['authorization']),
    );
    using untrusting = watch({ url: server.url, got });
    expect(await untrusting.next()).toMatchObject({ failure: { type: 'certificate' } });
    client.connection.destroy();
    await allClosed(proxy);
  });

  test('is not used for the hosts in NO_PROXY', async () => {
    await using server = await serve(stream);
    await using secure = await serveSecurely(stream);
    await using proxy = await serveProxy();
    for (const { url } of [server, secure]) {
      const got = through(proxy, { NO_PROXY: '127.0.0.1,example.test' });
      using client = watch({ url, tls: { ca: cert }, got });
      expect((await client.next()).type).toBe('connected');
    }
    expect(proxy.asked).toHaveLength(0);
  });

  test('gets its own password, and no server does', async () => {
    await using server = await serve(stream);
    await using secure = await serveSecurely(stream);
    const basic = `Basic ${btoa('me:pw')}`;
    await using proxy = await serveProxy(({ headers }) => headers['proxy-authorization'] === basic);
    const url = `http://me:pw@127.0.0.1:${proxy.port}`;
    const got = proxied({ HTTP_PROXY: url, HTTPS_PROXY: url });
    for (const request of [{ url: server.url }, { url: secure.url, tls: { ca: cert } }]) {
      using client = watch({ ...request, got });
      expect((await client.next()).type).toBe('connected');
    }
    expect(proxy.asked).toHaveLength(2);
    expect(headersOf(server)).not.toContain('proxy-authorization');
    expect(headersOf(secure)).not.toContain('proxy-authorization');
  });

  test('ST-09 stays in use on redirects, and another origin gets no secret of either', async () => {
    await using direct = await serve(stream);
    await using elsewhere = await serve(
      redirectTo(() => direct.url.replace('127.0.0.1', 'localhost')),
    );
    await using server = await serve(redirectTo(() => elsewhere.url));
    await using proxy = await serveProxy();
    const url = `http://me:pw@127.0.0.1:${proxy.port}`;
    const got = proxied({ HTTP_PROXY: url, NO_PROXY: 'localhost' });
    using client = watch({ url: server.url, headers: secrets, got });
    expect((await client.next()).type).toBe('connected');
    expect(asked(proxy)).toEqual([`GET ${server.url}`, `GET ${elsewhere.url}`]);
    expect(headersOf(server)).toEqual(expect.arrayContaining(['authorization', 'cookie']));
    for (const other of [elsewhere, direct]) {
      expect(other.requests).toHaveLength(1);
      for (const secret of ['authorization', 'cookie', 'proxy-authorization']) {
        expect(headersOf(other)).not.toContain(secret);
      }
    }
  });

  test.each([
    ['http:', serve, { type: 'status', status: 407 }],
    ['https:', serveSecurely, { type: 'network', code: 'ERR_PROXY_TUNNEL' }],
  ])(
    'that refuses, for %s, is a failure, and no socket is left',
    async (_scheme, start, failure) => {
      await using server = await start(stream);
      await using proxy = await serveProxy(() => false);
      using client = watch({ url: server.url, tls: { ca: cert }, got: through(proxy) });
      expect(await client.next()).toMatchObject({ type: 'failed', failure });
      await allClosed(proxy);
      expect(server.requests).toHaveLength(0);
    },
  );

  test.each([
    ['http:', serve],
    ['https:', serveSecurely],
  ])('NET-01 that is not there, for %s, is a failure', async (_scheme, start) => {
    await using server = await start(stream);
    const url = `http://127.0.0.1:${await closedPort()}`;
    const got = proxied({ HTTP_PROXY: url, HTTPS_PROXY: url });
    using client = watch({ url: server.url, tls: { ca: cert }, got });
    expect(await client.next()).toMatchObject({
      failure: { type: 'network', code: 'ECONNREFUSED' },
    });
  });

  test('that is set for the whole program is used without an option, HTTP/2 or not', async () => {
    await using server = await serveSecurely(stream);
    await using plain = await serve(stream);
    await using proxy = await serveProxy();
    const program = `
      import { openConnection } from ${JSON.stringify(import.meta.resolve('../../src/http/connection.ts'))};
      const ask = (request) => {
        const packet = () => { connection.destroy(); };
        const handlers = { connected() {}, failed: console.log, disconnected: console.log, packet };
        const clock = { now: () => 0, setTimeout, clearTimeout };
        const connection = openConnection(request, handlers, clock);
      };
      const tls = { ca: ${JSON.stringify(cert)} };
      ask({ url: '${plain.url}' });
      ask({ url: '${server.url}', tls });
      ask({ url: '${server.url}', tls, got: { http2: true } });
    `;
    const flags = ['--conditions=@reprise/source', '--input-type=module', '--eval', program];
    const url = `http://127.0.0.1:${proxy.port}`;
    const env = { ...process.env, NODE_USE_ENV_PROXY: '1', HTTP_PROXY: url, HTTPS_PROXY: url };
    const { stdout } = await promisify(execFile)(process.execPath, flags, {
      env: { ...env, NO_PROXY: '', no_proxy: '', http_proxy: url, https_proxy: url },
    });
    expect(stdout).toBe('');
    const tunnel = `CONNECT 127.0.0.1:${server.port}`;
    expect(asked(proxy).toSorted()).toEqual([tunnel, tunnel, `GET ${plain.url}`]);
  }, 30_000);
});

/** Node's types have it from version 25 on. */
const { setGlobalProxyFromEnv } = http as unknown as {
  readonly setGlobalProxyFromEnv?: (env: Readonly<Record<string, string>>) => () => void;
};

(setGlobalProxyFromEnv === undefined ? test.skip : test)(
  'a proxy that the program is given while it runs is used from the next attempt on',
  async () => {
    await using server = await serve(stream);
    await using proxy = await serveProxy();
    const undo = setGlobalProxyFromEnv?.({ HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
    try {
      using client = watch({ url: server.url });
      expect((await client.next()).type).toBe('connected');
    } finally {
      undo?.();
    }
    expect(asked(proxy)).toEqual([`GET ${server.url}`]);
    using direct = watch({ url: server.url });
    expect((await direct.next()).type).toBe('connected');
    expect(proxy.asked).toHaveLength(1);
  },
);

describe('TLS, by got’s own options', () => {
  test('NET-03 an own authority', async () => {
    await using server = await serveSecurely(stream);
    using client = watch({
      url: server.url,
      got: { https: { certificateAuthority: cert } },
    });
    expect((await client.next()).type).toBe('connected');
  });

  test('ST-09 a session of HTTP/2 is used only for the origin that it was opened to', async () => {
    await using elsewhere = await serveHttp2(stream);
    await using server = await serveHttp2(redirectTo(() => elsewhere.url));
    const session = connect(server.url, { ca: cert });
    using client = http2.watch({ url: server.url, got: { h2session: session as never } });
    expect((await client.next()).type).toBe('connected');
    expect(elsewhere.requests).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
    session.destroy();
  });

  test('a client certificate, which another origin does not get', async () => {
    const shown: boolean[] = [];
    const serveMutually = async (handler: RequestListener): Promise<TestServer> => {
      const options = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: false };
      const server = createSecureServer(options, (request, response) => {
        shown.push((request.socket as TLSSocket).authorized);
        handler(request, response);
      });
      return listen(server, 'https:');
    };
    await using elsewhere = await serveMutually(stream);
    await using server = await serveMutually(redirectTo(() => elsewhere.url));
    const https = { certificateAuthority: cert, certificate: cert, key };
    using client = watch({ url: server.url, got: { https } });
    expect((await client.next()).type).toBe('connected');
    expect(shown).toEqual([true, false]);
  });
});

describe('a Unix socket', () => {
  async function serveSocket(
    handler: RequestListener,
  ): Promise<{ path: string } & AsyncDisposable> {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-'));
    const path = join(folder, 's');
    const server = createServer(handler);
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    return {
      path,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
        await rm(folder, { recursive: true });
      },
    };
  }

  test.each(['unix:', 'http://unix:'])('REQ-08 %sPATH:/events', async (scheme) => {
    const urls: unknown[] = [];
    await using server = await serveSocket((request, response) => {
      urls.push(request.url);
      stream(request, response);
    });
    const url = `${scheme}${server.path}:/events?a=1`;
    using client = watch({ url, got: { enableUnixSockets: true } });
    expect((await client.next()).type).toBe('connected');
    expect(await client.text(9)).toBe('data: x\n\n');
    expect(urls).toEqual(['/events?a=1']);
  });

  test.each(['unix:', 'http://unix:'])(
    'ST-10 no redirect leads from one or to one: %s',
    async (scheme) => {
      await using server = await serveSocket(redirectTo(() => '/next'));
      const unix = `${scheme}${server.path}:/events`;
      await using remote = await serve(redirectTo(() => unix));
      for (const url of [unix, remote.url]) {
        using client = watch({ url, got: { enableUnixSockets: true } });
        expect(await client.next()).toMatchObject({
          failure: { type: 'redirect', reason: 'unsupported' },
        });
      }
    },
  );
});
