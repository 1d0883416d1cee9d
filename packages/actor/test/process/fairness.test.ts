import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from '@jest/globals';
import {
  createSystem,
  GenServer,
  noreply,
  type NoReply,
  ok,
  type Process,
  reply,
  send,
  spawn,
  spawnLink,
  type System,
} from '@reprise/actor';

import { forever } from '../support/processes.ts';

/** Keeps a system busy until stopped; then resolves with its number of rounds. */
type Flood = (system: System, isOver: () => boolean) => Promise<number>;

/**
 * A flood ends after this many rounds: if it starves everything else, the test fails instead of
 * hanging.
 */
const tooMany = 5_000_000;

/** A server whose callback sends to itself, at once or after an `await`. */
const selfFlood =
  (isAsync: boolean): Flood =>
  async (system, isOver) => {
    const ended = Promise.withResolvers<number>();
    let rounds = 0;
    const goOn = (self: Process<'again'>): void => {
      rounds += 1;
      if (isOver() || rounds >= tooMany) {
        ended.resolve(rounds);
      } else {
        send(self.pid, 'again');
      }
    };
    const later = async (self: Process<'again'>): Promise<NoReply<undefined>> => {
      await undefined;
      goOn(self);
      return noreply(undefined);
    };
    const flooding = GenServer.define({
      init: () => ok(undefined),
      handleInfo: (_: 'again', state, self) => {
        if (isAsync) {
          return later(self);
        }
        goOn(self);
        return noreply(state);
      },
    });
    send(await GenServer.start(system, flooding, undefined), 'again');
    return ended.promise;
  };

/** A process that calls a server again as soon as it has the answer. */
const callChain: Flood = async (system, isOver) => {
  const echo = GenServer.define({
    init: () => ok(undefined),
    handleCall: { ping: (_, state) => reply('pong', state) },
  });
  const server = await GenServer.start(system, echo, undefined);
  const ended = Promise.withResolvers<number>();
  spawn(system, async () => {
    let rounds = 0;
    for (; !isOver() && rounds < tooMany; rounds++) {
      await GenServer.call(server, 'ping');
    }
    ended.resolve(rounds);
  });
  return ended.promise;
};

/** Each process starts the next one, and ends. */
const spawnStorm: Flood = (system, isOver) => {
  const ended = Promise.withResolvers<number>();
  let rounds = 0;
  const body = (): void => {
    rounds += 1;
    if (isOver() || rounds >= tooMany) {
      ended.resolve(rounds);
    } else {
      spawn(system, body);
    }
  };
  spawn(system, body);
  return ended.promise;
};

/** Links a hundred processes to one whose end ends them all, again and again. */
const exitStorm: Flood = (system, isOver) => {
  const ended = Promise.withResolvers<number>();
  let rounds = 0;
  const body = async (): Promise<void> => {
    rounds += 100;
    if (isOver() || rounds >= tooMany) {
      ended.resolve(rounds);
      return;
    }
    spawn(system, async (self) => {
      for (let count = 0; count < 100; count++) {
        spawnLink(self, forever);
      }
      spawn(system, body);
      throw new Error('storm');
    });
  };
  spawn(system, body);
  return ended.promise;
};

const quiet = { error: () => undefined, warn: () => undefined };

/** Resolves when `count` timers have fired, each set for `ms` after the one before. */
async function timers(count: number, ms: number): Promise<number> {
  for (let fired = 0; fired < count; fired++) {
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
  }
  return count;
}

/** Sends a request to a server of the same program over a socket. */
async function request(): Promise<string> {
  const server = createServer((_, response) => {
    response.end('served');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = get({ port, host: '127.0.0.1', agent: false });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const body = await response
    .setEncoding('utf8')
    .reduce((text: string, part: string) => text + part, '');
  server.close();
  return body;
}

const floods: readonly (readonly [string, Flood])[] = [
  ['a server that sends to itself', selfFlood(false)],
  ['a server that sends to itself after an await', selfFlood(true)],
  ['a chain of awaited calls', callChain],
  ['processes that start each other', spawnStorm],
  ['processes that take each other along', exitStorm],
];

describe('the rest of the program has its turn under a flood', () => {
  /** Runs `task` during the flood; fails if the flood ends first. */
  async function during<Value>(flood: Flood, task: () => Promise<Value>): Promise<Value> {
    const system = createSystem({ logger: quiet });
    let isOver = false;
    const rounds = flood(system, () => isOver);
    try {
      return await task();
    } finally {
      isOver = true;
      expect(await rounds).toBeLessThan(tooMany);
      await system.stop();
    }
  }

  test.each(floods)('%s lets ten timers of 5 ms fire', async (_, flood) => {
    expect(await during(flood, () => timers(10, 5))).toBe(10);
  });

  test.each(floods)('%s lets a request over a socket be answered', async (_, flood) => {
    expect(await during(flood, request)).toBe('served');
  });

  test.each(floods)('%s lets a process of another kind have its turn', async (_, flood) => {
    const system = createSystem({ logger: quiet });
    let isOver = false;
    const rounds = flood(system, () => isOver);
    const worked = Promise.withResolvers<void>();
    spawn(system, async (self) => {
      await self.receive({ timeout: 5 });
      worked.resolve();
    });
    await worked.promise;
    isOver = true;
    expect(await rounds).toBeGreaterThan(0);
    await system.stop();
  });
});
