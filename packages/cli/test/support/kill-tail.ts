import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { randomOf } from '@reprise/sse/testing';

import { Lines } from './lines.ts';
import { main } from './program.ts';

export interface KillOptions {
  readonly kills: number;
  /** Chooses the moments: the same for the same seed, as far as the machine is the same. */
  readonly seed: number;
  readonly file: string;
  readonly dedupe: boolean;
}

/** The numbers of the events that all runs printed, in order, and how many the server produced. */
export interface Killed {
  readonly printed: readonly number[];
  readonly produced: number;
}

/**
 * Runs `reprise tail` on a stream of numbered events, kills it with -9 at random moments and starts
 * it again on the same cursor file; the last run prints all events. A line that a kill cut off does
 * not count as printed.
 */
export async function killTail({ kills, seed, file, dedupe }: KillOptions): Promise<Killed> {
  // Without --dedupe the cursor is written after 1000 events: each run has to handle that many.
  const least = dedupe ? 1 : 1001;
  await using numbers = await startNumbers(kills * (least - 1));
  const random = randomOf(`${seed}`);
  const printed: number[] = [];
  const args = ['tail', '--json', '--quiet', '--min-delay', '0.01', '--cursor', file];
  const start = (): Tail => startTail([...args, ...(dedupe ? ['--dedupe'] : []), numbers.url]);
  const end = async ({ process: child, lines }: Tail, signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await lines.whenEnded;
    printed.push(...lines.all.flatMap(numberIn));
  };
  for (let kill = 0; kill < kills; kill += 1) {
    const tail = start();
    // A program that is killed before it prints shows nothing.
    await tail.lines.count(least + Math.floor(random() * 100));
    // A random moment, so that some kills fall between the print of an event and its write.
    await delay(random() * 10);
    await end(tail, 'SIGKILL');
  }
  numbers.stop();
  const last = start();
  await last.lines.until(new RegExp(`"id":"${numbers.produced}"`));
  await end(last, 'SIGTERM');
  return { printed, produced: numbers.produced };
}

interface Tail {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly lines: Lines;
}

function startTail(args: readonly string[]): Tail {
  const child = spawn(process.execPath, ['--conditions=@reprise/source', main, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { process: child, lines: new Lines(child.stdout) };
}

/**
 * A server that has made `backlog` events and makes some 300 a second, and sends those after
 * Last-Event-ID.
 */
async function startNumbers(
  backlog: number,
): Promise<AsyncDisposable & { readonly url: string; readonly produced: number; stop(): void }> {
  const readers = new Set<ServerResponse>();
  let produced = backlog;
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (
      let number = Number(request.headers['last-event-id'] ?? 0) + 1;
      number <= produced;
      number += 1
    ) {
      response.write(eventOf(number));
    }
    readers.add(response);
    response.on('close', () => readers.delete(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const timer = setInterval(() => {
    produced += 1;
    for (const reader of readers) {
      reader.write(eventOf(produced));
    }
  }, 3);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    get produced() {
      return produced;
    },
    stop: () => {
      clearInterval(timer);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function eventOf(number: number): string {
  return `id: ${number}\ndata: ${number}\n\n`;
}

/** None if the line was cut off. */
function numberIn(line: string): readonly number[] {
  try {
    return [Number((JSON.parse(line) as { readonly data: string }).data)];
  } catch {
    return [];
  }
}
