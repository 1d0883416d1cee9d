import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from '@jest/globals';
import {
  createSystem,
  GenServer,
  getLabel,
  noreply,
  ok,
  processInfo,
  reply,
  sendAfter,
  setLabel,
  spawn,
} from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

const storage = new AsyncLocalStorage<string>();

/** A server of a program whose requests each have a store of their own. */
async function listen(handle: (path: string) => Promise<string>): Promise<Server> {
  const server = createServer((request, response) => {
    const { url = '' } = request;
    void storage.run(url, async () => {
      response.end(await handle(url));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('a process', () => {
  test('OBS-R15 sees the store of no request, and the sender sees its own after the answer', async () => {
    const system = createSystem();
    const seen: unknown[] = [];
    const timed = Promise.withResolvers<void>();
    const seer = GenServer.define({
      init: () => ok(0),
      handleCall: {
        look: (_, state) => {
          seen.push(storage.getStore());
          return reply(storage.getStore(), state);
        },
      },
      handleInfo: (message: 'timer', state) => {
        seen.push([message, storage.getStore()]);
        timed.resolve();
        return noreply(state);
      },
    });
    const [a, b] = [
      await GenServer.start(system, seer, undefined),
      await GenServer.start(system, seer, undefined),
    ];
    // Both requests are there before either goes on: they send in one tick.
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    const server = await listen(async (path) => {
      waiting += 1;
      if (waiting === 2) {
        both.resolve();
      }
      await both.promise;
      if (path === '/1') {
        sendAfter(a, 'timer', 1);
      }
      const found = await GenServer.call(path === '/1' ? a : b, 'look');
      return `${found} ${storage.getStore()}`;
    });
    const { port } = server.address() as AddressInfo;
    const ask = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect(await Promise.all([ask('/1'), ask('/2')])).toStrictEqual([
      'undefined /1',
      'undefined /2',
    ]);
    await timed.promise;
    expect(seen).toStrictEqual([undefined, undefined, ['timer', undefined]]);
    server.closeAllConnections();
    server.close();
    await system.stop();
  });

  test('OBS-R16 is shown with its label, which is gone when it ends', async () => {
    const system = createTestSystem();
    const pid = spawn<string>(system, async (self) => {
      setLabel(self, 'order 4711');
      await self.receive();
    });
    await settle(system);
    expect(processInfo(pid)?.label).toBe('order 4711');
    await system.stop();
    expect([processInfo(pid), getLabel(pid)]).toStrictEqual([undefined, undefined]);
  });
});
