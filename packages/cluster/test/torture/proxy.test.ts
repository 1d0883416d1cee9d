import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { DelayLine } from '../../../../bench/torture/delay-line.ts';
import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { Proxy } from '../../../../bench/torture/proxy.ts';

/** Answers each text with the same text. */
let echo: Server;
/** What the server has received. */
let received: string[];
/** The ports of the server's clients. */
let peers: (number | undefined)[];
let proxy: Proxy;

beforeEach(async () => {
  received = [];
  peers = [];
  echo = createServer((socket) => {
    peers.push(socket.remotePort);
    socket
      .on('error', () => undefined)
      .on('data', (bytes) => {
        received.push(bytes.toString());
        socket.write(bytes);
      });
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const { port } = echo.address() as AddressInfo;
  proxy = await Proxy.start({ host: '127.0.0.1', port });
});

afterEach(async () => {
  await proxy.close();
  echo.close();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, proxy.host).on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function asked(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data') as Promise<[Buffer]>;
  socket.write(text);
  return String((await answer)[0]);
}

describe('the proxy of the tests', () => {
  test('passes requests and answers', async () => {
    const from = machineTime();
    expect(await asked(await client(), 'a')).toBe('a');
    expect(proxy.made).toEqual([expect.any(Number)]);
    expect(proxy.made[0]).toBeGreaterThanOrEqual(from);
    expect(proxy.ports).toEqual([peers[0]]);
  });

  test('makes answers late', async () => {
    const socket = await client();
    proxy.answersLateBy = 100;
    const from = machineTime();
    expect(await asked(socket, 'a')).toBe('a');
    expect(machineTime() - from).toBeGreaterThanOrEqual(99);
  });

  test('holds requests on the way, in their order, until they are let go', async () => {
    const socket = await client();
    expect(await asked(socket, 'a')).toBe('a');
    const { port } = echo.address() as AddressInfo;
    proxy.hold();
    socket.write('b');
    // By a connection of its own: what was sent before would have arrived.
    const direct = connect(port);
    await asked(direct, 'x');
    socket.write('c');
    await asked(direct, 'y');
    direct.destroy();
    expect(received).toEqual(['a', 'x', 'y']);
    const answer = once(socket, 'data');
    proxy.letGo();
    expect(String((await answer)[0])).toMatch(/^b/);
    expect(received[3]).toMatch(/^bc?$/);
    socket.destroy();
  });

  test('keeps the order of answers when the delay becomes shorter', async () => {
    const line = new DelayLine();
    const done: string[] = [];
    line.add(() => done.push('a'), 20);
    line.add(() => done.push('b'), 0);
    await new Promise<void>((resolve) => {
      line.add(resolve, 10);
    });
    expect(done).toEqual(['a', 'b']);
  });

  test.each(['both', 'requests', 'answers'] as const)(
    'swallows %s of a connection that stays open, while a new one is well',
    async (which) => {
      const deaf = await client();
      await asked(deaf, 'a');
      proxy.swallow(which);
      const answers: string[] = [];
      deaf.on('data', (bytes) => answers.push(bytes.toString()));
      deaf.write('lost');
      const well = await client();
      expect(await asked(well, 'b')).toBe('b');
      expect(received.filter((text) => text === 'lost')).toHaveLength(which === 'answers' ? 1 : 0);
      expect(answers).toEqual([]);
      expect(deaf.readyState).toBe('open');
    },
  );

  test('new connections swallow what they are told to', async () => {
    proxy.swallowsNew = 'both';
    const deaf = await client();
    deaf.write('lost');
    proxy.swallowsNew = 'nothing';
    expect(await asked(await client(), 'a')).toBe('a');
    expect(received).toEqual(['a']);
  });

  test('a connection is deaf after a text, once', async () => {
    const socket = await client();
    proxy.deafAfter = 'commit';
    const answers: string[] = [];
    socket.on('data', (bytes) => answers.push(bytes.toString()));
    socket.write('begin; commit');
    const other = await client();
    expect(await asked(other, 'commit')).toBe('commit');
    expect(received).toEqual(['begin; commit', 'commit']);
    expect(answers).toEqual([]);
  });

  test('cuts with a reset, and takes new connections', async () => {
    const socket = await client();
    await asked(socket, 'a');
    const failed = once(socket, 'error') as Promise<unknown[]>;
    proxy.cut();
    expect(await failed).toEqual([expect.objectContaining({ code: 'ECONNRESET' })]);
    expect(await asked(await client(), 'b')).toBe('b');
  });

  test('refuses connections until it listens again, on the same port', async () => {
    await proxy.refuse();
    const refused = connect(proxy.port, proxy.host);
    expect(await once(refused, 'error').catch((error: unknown) => [error])).toEqual([
      expect.objectContaining({ code: 'ECONNREFUSED' }),
    ]);
    await proxy.listen();
    expect(await asked(await client(), 'a')).toBe('a');
  });

  test('a close of one side closes the other, unless its bytes are swallowed', async () => {
    const socket = await client();
    await asked(socket, 'a');
    socket.end();
    await once(socket, 'close');
    const deaf = await client();
    await asked(deaf, 'b');
    proxy.swallow('both');
    deaf.destroy();
    expect(await asked(await client(), 'c')).toBe('c');
    const connections = await new Promise((resolve) => {
      echo.getConnections((_error, count) => {
        resolve(count);
      });
    });
    expect(connections).toBe(2);
  });
});
