import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from '@jest/globals';

import type { Cost } from './support/cost-program.ts';
import { serveRaw } from './support/servers.ts';

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
const event = `id: 1234567\ndata: ${'x'.repeat(40)}\n\n`;
const events = 100;
const packets = 50;

/**
 * Without optimizing compilers the allocations do not depend on when code is compiled; and the
 * young generation is large enough: no garbage is collected meanwhile.
 */
const still = ['--no-opt', '--no-maglev', '--min-semi-space-size=64', '--max-semi-space-size=64'];

function start(name: string, args: readonly string[], flags: readonly string[]): ChildProcess {
  return fork(join(import.meta.dirname, 'support', name), args, {
    execArgv: ['--conditions=@reprise/source', ...flags],
  });
}

/** The cost of reading `packets` packets with `events` events each. */
async function costOf(contender: string): Promise<Cost> {
  let socket: Socket | undefined;
  await using server = await serveRaw((opened) => {
    socket = opened;
    opened.write(head + event);
  });
  const program = start(
    'cost-program.ts',
    [server.url, contender, `${packets}`, `${events}`],
    still,
  );
  const { promise, resolve, reject } = Promise.withResolvers<Cost>();
  program.on('message', (message: 'next' | Cost) => {
    if (message === 'next') {
      socket?.write(event.repeat(events));
    } else {
      resolve(message);
    }
  });
  program.once('exit', (code) => {
    reject(new Error(`Expected a cost, got exit status ${code}`));
  });
  try {
    return await promise;
  } finally {
    program.kill();
  }
}

/**
 * In bytes: the event itself (56), its slot in a growing array, and its share of the packet. A
 * closure for each event would cost as much again.
 */
const allowed = 120;

/** Counts rather than times: they do not depend on the load of the machine. */
describe('the cost of one event', () => {
  let floor: Cost;
  beforeAll(async () => {
    floor = await costOf('floor');
  });

  test.each([
    'client',
    'resilient',
    'resilient with a cursor',
    'resilient with a position of its own',
    'resilient with a cursor and a position of its own',
  ])(
    '%s: an object more than node:http and the parser, no promise, no message of its own, no step of the machine',
    async (contender) => {
      const { bytes, ...counts } = await costOf(contender);
      expect(counts).toEqual({ promises: 0, messages: packets, steps: 0 });
      expect((bytes - floor.bytes) / (packets * events)).toBeLessThan(allowed);
    },
  );

  test('an async handler: its own promise, and that of awaiting it', async () => {
    const { promises, messages, steps } = await costOf('waiting');
    expect({ messages, steps }).toEqual({ messages: packets, steps: 0 });
    expect(promises / (packets * events)).toBeLessThan(2.1);
  });
});

test('an idle stream takes less than 20 KiB of the heap', async () => {
  await using server = await serveRaw((socket) => {
    socket.write(head + event);
  });
  const program = start('weight-program.ts', [server.url, '250'], ['--expose-gc']);
  const [bytes] = (await once(program, 'message')) as [number];
  expect(bytes).toBeLessThan(20 * 1024);
});
