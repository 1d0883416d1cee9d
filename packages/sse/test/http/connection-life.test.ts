import { execFile } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { openConnection } from '../../src/http/connection.ts';
import {
  aWhile,
  allClosed,
  connectionOpened,
  serve,
  serveRaw,
  type TestServer,
} from '../support/servers.ts';
import { versions } from '../support/versions.ts';
import { watch } from '../support/watched-connection.ts';

const eventStream = { 'content-type': 'text/event-stream' };

describe.each(versions)('over %s', (_name, http) => {
  async function streaming(): Promise<TestServer> {
    return http.serve((_, response) => {
      response.writeHead(200, eventStream).write('data: x\n\ndata: y\n\n');
    });
  }

  describe('destroy()', () => {
    test('LIFE-01 before anything is sent: no handler is called and no socket is left', async () => {
      await using server = await streaming();
      const client = http.watch({ url: server.url });
      client.connection.destroy();
      await aWhile();
      expect(client.calls).toEqual([]);
      expect(server.sockets.size).toBe(0);
    });

    test('LIFE-01 while the name is looked up', async () => {
      let found = (): void => undefined;
      await using server = await streaming();
      const dnsLookup = ((
        _host: string,
        _options: object,
        answer: (...args: unknown[]) => void,
      ) => {
        found = () => {
          answer(null, '127.0.0.1', 4);
        };
      }) as never;
      const client = http.watch({
        url: server.url.replace('127.0.0.1', 'localhost'),
        got: { dnsLookup },
      });
      await new Promise(setImmediate);
      client.connection.destroy();
      found();
      await new Promise(setImmediate);
      expect(client.calls).toEqual([]);
      expect(server.sockets.size).toBe(0);
    });

    test('LIFE-03 while events come: the server sees it, and no handler is called any more', async () => {
      await using server = await streaming();
      const client = http.watch({ url: server.url });
      await client.next();
      await client.next();
      const gone = allClosed(server);
      client.connection.destroy();
      client.connection.destroy();
      await gone;
      expect(client.calls).toHaveLength(2);
    });

    test('LIFE-04 inside packet, with more of it still compressed', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(200, { ...eventStream, 'content-encoding': 'gzip' });
        response.end(gzipSync('data: x\n\n'.repeat(100_000)));
      });
      const client = http.watch({ url: server.url }, (call, connection) => {
        if (call.type === 'packet') {
          connection.destroy();
        }
      });
      await client.next();
      await client.next();
      await allClosed(server);
      await aWhile();
      expect(client.calls).toHaveLength(2);
    });

    test('LIFE-01 while cookies are kept', async () => {
      let kept = (): void => undefined;
      const isKeeping = new Promise<void>((resolve) => {
        kept = resolve;
      });
      let keep = (): void => undefined;
      const cookieJar = {
        getCookieString: async () => '',
        setCookie: () => {
          kept();
          return new Promise<void>((resolve) => {
            keep = resolve;
          });
        },
      };
      await using server = await http.serve((_, response) => {
        response.writeHead(200, { ...eventStream, 'set-cookie': 'a=1' }).flushHeaders();
      });
      const client = http.watch({ url: server.url, got: { cookieJar } });
      await isKeeping;
      client.connection.destroy();
      keep();
      await aWhile();
      expect(client.calls).toEqual([]);
    });

    test('while the body of an error is waited for', async () => {
      await using server = await http.serve((_, response) => {
        response.writeHead(500).write('sorry');
      });
      const client = http.watch({ url: server.url });
      while (server.requests.length === 0) {
        await new Promise(setImmediate);
      }
      const gone = allClosed(server);
      client.connection.destroy();
      await gone;
      await client.advance(60_000);
      expect(client.calls).toEqual([]);
    });

    test('while the end is held back', async () => {
      await using server = await http.serve((_, response) =>
        response.writeHead(200, eventStream).end(),
      );
      const client = http.watch({ url: server.url }, (_told, connection) => {
        connection.pause();
      });
      await client.next();
      await allClosed(server);
      client.connection.resume();
      client.connection.destroy();
      await new Promise(setImmediate);
      expect(client.calls).toHaveLength(1);
    });

    test('a request that cannot be sent is not reported either', async () => {
      const client = http.watch({ url: 'nowhere' });
      client.connection.destroy();
      await new Promise(setImmediate);
      expect(client.calls).toEqual([]);
    });
  });

  test('LIFE-07 100 rounds leave no socket, no timer and no listener', async () => {
    await using server = await http.serve((request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, eventStream);
      response[status === 200 ? 'write' : 'end']('data: x\n\n');
    });
    const timers = new Set<object>();
    const clock = {
      now: () => 0,
      setTimeout: () => {
        const timer = {};
        timers.add(timer);
        return timer;
      },
      clearTimeout: (timer: object) => timers.delete(timer),
    };
    const sockets: Socket[] = [];
    const count = (message: unknown): void => {
      sockets.push((message as { readonly socket: Socket }).socket);
    };
    channel('net.client.socket').subscribe(count);
    for (let round = 0; round < 100; round++) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          connection.destroy();
          resolve();
        };
        const handlers = {
          connected: round % 4 === 0 ? done : () => undefined,
          packet: done,
          failed: done,
          disconnected: done,
        };
        const url = new URL(round % 2 === 0 ? '/200' : '/404', server.url);
        const connection = openConnection(http.over({ url, idleTimeout: 1000 }), handlers, clock);
      });
    }
    channel('net.client.socket').unsubscribe(count);
    await allClosed(server);
    expect(sockets).toHaveLength(100);
    // A socket with a complete response is closed properly, which takes a tick or two.
    const open = sockets.filter((socket) => !socket.closed);
    await Promise.all(
      open.map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
    expect(timers.size).toBe(0);
  });

  test.each([
    ['none, for no limit', { responseTimeout: Infinity, idleTimeout: Infinity }, []],
    [
      'as long as a host’s timer can wait',
      { responseTimeout: 2 ** 40, idleTimeout: 2 ** 40 },
      [2 ** 31 - 1, 2 ** 31 - 1],
    ],
    ['5 min for the head, by default', {}, [300_000]],
  ])('the timers of a connection: %s', async (_name, limits, expected) => {
    const waits: number[] = [];
    await using server = await streaming();
    await new Promise<void>((resolve) => {
      const packet = (): void => {
        connection.destroy();
        resolve();
      };
      const handlers = {
        packet,
        connected: () => undefined,
        failed: () => undefined,
        disconnected: () => undefined,
      };
      const connection = openConnection(http.over({ url: server.url, ...limits }), handlers, {
        now: () => 0,
        setTimeout: (_callback, ms) => {
          waits.push(ms);
          return {};
        },
        clearTimeout: () => undefined,
      });
    });
    expect(waits).toEqual(expected);
  });
});

describe('over HTTP/1.1 alone', () => {
  test('LIFE-09 an error in a handler is not taken for one of the connection: it ends the program', async () => {
    await using server = await serve((_, response) =>
      response.writeHead(200, eventStream).flushHeaders(),
    );
    const program = `
    import { openConnection } from ${JSON.stringify(import.meta.resolve('../../src/http/connection.ts'))};
    const say = (text) => () => console.log(text);
    const connected = () => { throw new Error('mine') };
    const handlers = { connected, packet: say('packet'), failed: say('failed'), disconnected: say('disconnected') };
    openConnection({ url: ${JSON.stringify(server.url)} }, handlers, { now: () => 0, setTimeout, clearTimeout });
  `;
    const flags = ['--conditions=@reprise/source', '--input-type=module', '--eval', program];
    const run = promisify(execFile)(process.execPath, flags);
    await expect(run).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Error: mine'),
    });
  });

  test('LIFE-01 while the head is waited for', async () => {
    await using server = await serveRaw(() => undefined);
    const client = watch({ url: server.url });
    await connectionOpened(server);
    const gone = allClosed(server);
    client.connection.destroy();
    await gone;
    expect(client.calls).toEqual([]);
  });

  test('LIFE-05 inside connected: the packet that came with the head is not delivered', async () => {
    await using server = await serveRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
    });
    const client = watch({ url: server.url }, (call, connection) => {
      if (call.type === 'connected') {
        connection.destroy();
      }
    });
    await client.next();
    await allClosed(server);
    expect(client.calls).toHaveLength(1);
  });

  test('LIFE-04 inside packet: no further packet is delivered', async () => {
    const chunk = '9\r\ndata: x\n\n\r\n';
    await using server = await serveRaw((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}`,
      );
    });
    const client = watch({ url: server.url }, (call, connection) => {
      if (call.type === 'packet') {
        connection.destroy();
      }
    });
    await client.next();
    await client.next();
    await allClosed(server);
    expect(client.calls).toHaveLength(2);
  });
});
