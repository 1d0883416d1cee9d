import { expect, test } from '@jest/globals';
import { Supervisor } from '@reprise/actor';
import { advance, createTestSystem, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { type ServerSentEvent, SseClient } from '../../src/index.ts';
import {
  chaos,
  type ChaosEntry,
  type ChaosServer,
  type Fault,
  inOrder,
  type NumberedData,
} from '../../src/testing.ts';
import { mostWithin } from '../support/most-within.ts';
import { meaningOf } from '../support/oracle.ts';
import { jitter, run } from '../support/run.ts';
import { openStage } from '../support/stage.ts';
import { anyCuts, anyStream, cut } from '../support/streams.ts';

const maxEventSize = 1000;

const few = fc.nat(6);
const bytes = fc.nat(500);
const fault = (type: Fault['type'], rest: Readonly<Record<string, fc.Arbitrary<unknown>>> = {}) =>
  fc.record({ type: fc.constant(type), ...rest }) as fc.Arbitrary<unknown> as fc.Arbitrary<Fault>;

/** Every fault that a client recovers from by itself. */
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  fault('refuse'),
  fault('noAnswer'),
  fault('slowHead', { every: fc.constantFrom(500, 10_000) }),
  fault('garbage'),
  fault('status', {
    status: fc.constantFrom(408, 425, 429, 500, 502, 503, 504),
    retryAfter: fc.constantFrom(0, 2, 'soon'),
  }),
  fault('clockJump', {
    by: fc.constantFrom(-3_600_000, 0, 3_600_000),
    retryAfter: fc.constantFrom(0, 2),
  }),
  fault('redirect', { status: fc.constantFrom(301, 302, 303, 307, 308) }),
  fault('reset', { afterBytes: bytes }),
  fault('cut', { afterBytes: bytes }),
  fault('end', { afterEvents: few }),
  fault('silence', { afterEvents: few }),
  fault('slowBody', { every: fc.constantFrom(1, 50), afterEvents: fc.nat(2) }),
  fault('badChunk', { afterEvents: few }),
  fault('truncatedGzip', { afterEvents: few }),
  fault('giantEvent', { bytes: fc.constant(maxEventSize), afterEvents: few }),
  fault('duplicate', { afterEvents: few }),
  fault('missingId', { afterEvents: few }),
  fault('replay', { events: few, afterEvents: few }),
  fault('retry', { value: fc.constantFrom(0, 100, '99999999999', 'soon'), afterEvents: few }),
);

/** The answers that a client gives up at; its supervisor restarts it. */
const anyFatalAnswer: fc.Arbitrary<Fault> = fc.oneof(
  fault('status', { status: fc.constantFrom(204, 401, 403, 404, 410, 421) }),
  fault('contentType', { contentType: fc.constantFrom('text/html', undefined) }),
);

/** Enough events for every fault to happen: 8 are more than 500 bytes. */
const enough = 8;

/** One attempt of the client. */
interface Attempt {
  readonly at: number;
  /** The last id before the attempt, as of the last handled event. */
  readonly lastEventId: string;
  readonly handled: ServerSentEvent[];
  /** The end of the attempt. */
  failure?: string;
}

type Asked = Extract<ChaosEntry, { readonly type: 'request' }>;

/** A client and a record of its attempts. It shares a clock of its own with the server. */
class Follower {
  readonly attempts: Attempt[] = [];
  readonly #system: TestSystem;
  readonly #isSlow: boolean;
  #lastEventId = '';
  /** The delay until the next attempt, if there is one. */
  #after: number | undefined = undefined;

  constructor(system: TestSystem, isSlow: boolean) {
    this.#system = system;
    this.#isSlow = isSlow;
  }

  async start(url: string): Promise<void> {
    const spec = SseClient.resilient({
      id: 'client',
      url,
      restart: 'permanent',
      maxEventSize,
      idleTimeout: 20_000,
      headers: () => ({ 'x-attempt': String(this.attempts.length) }),
      handle: (event) => this.#handle(event),
      onStatus: (status) => {
        this.#onStatus(status);
      },
    });
    await Supervisor.startLink(this.#system, {
      strategy: 'oneForOne',
      maxRestarts: 1000,
      children: [spec],
    });
  }

  get handled(): readonly ServerSentEvent[] {
    return this.attempts.flatMap(({ handled }) => handled);
  }

  /**
   * Waits for bytes in flight; then lets time pass: the client's delay, or `ms` if the client has
   * to notice something by it.
   */
  async goOn(ms: number): Promise<void> {
    await new Promise(setImmediate);
    const after = this.#after ?? ms;
    this.#after = undefined;
    if (after > 0) {
      await advance(this.#system, after);
    }
  }

  async #handle(event: ServerSentEvent): Promise<void> {
    if (this.#isSlow) {
      await new Promise(setImmediate);
    }
    this.attempts.at(-1)?.handled.push(event);
    this.#lastEventId = event.lastEventId;
  }

  #onStatus(status: SseClient.StatusChange): void {
    if (status.type === 'connecting') {
      const at = this.#system.clock.now();
      this.attempts.push({ at, lastEventId: this.#lastEventId, handled: [] });
    } else if (status.type === 'disconnected') {
      Object.assign(this.attempts.at(-1) as Attempt, { failure: status.failure.type });
      this.#after = status.after;
    } else if (status.type === 'gaveUp') {
      // Too large an event at one position twice: without a cursor the next life begins anew.
      this.#lastEventId = '';
    }
  }
}

/** How much time passes, in ms, during one step of a fault. */
function pace(fault: Fault | undefined): number {
  switch (fault?.type) {
    case 'noAnswer':
    case 'slowHead':
    case 'silence':
    case 'slowBody':
    case 'contentType':
      return 1000;
    // A redirect may have to wait for the budget; its answer takes no time.
    case 'redirect':
      return 500;
    default:
      return 0;
  }
}

interface Course {
  readonly attempts: readonly Attempt[];
  readonly asked: readonly Asked[];
  readonly made: number;
}

/** Plays these faults to a client, one for each connection, until it has handled all events. */
async function goThrough(faults: readonly Fault[], isSlow: boolean): Promise<Course> {
  const asked: Asked[] = [];
  const system = createTestSystem();
  await using server: ChaosServer = await chaos({
    clock: system.clock,
    plan: inOrder(faults),
    eventsPerSecond: 0,
    onEntry: (entry) => {
      if (entry.type === 'request') {
        asked.push(entry);
        stream.produce(enough);
      }
    },
  });
  const stream = server.stream('prices');
  const client = new Follower(system, isSlow);
  await client.start(stream.url);
  const giveUpAt = performance.now() + timeoutMs;
  while (asked.length <= faults.length || lastOf(client.handled) < stream.made) {
    if (performance.now() > giveUpAt) {
      throw new Error(`Expected ${stream.made} events, got ${lastOf(client.handled)}, then none`);
    }
    await client.goOn(pace(asked.at(-1)?.fault));
  }
  await system.stop();
  return { attempts: client.attempts, asked, made: stream.made };
}

/** A run that hangs fails after this time, so that fast-check reports its seed and shrinks it. */
const timeoutMs = 10_000;
const limits = { interruptAfterTimeLimit: 40_000 };

function dataOf({ data }: ServerSentEvent): NumberedData {
  return JSON.parse(data) as NumberedData;
}

function lastOf(events: readonly ServerSentEvent[]): number {
  const last = events.at(-1);
  return last === undefined ? 0 : dataOf(last).number;
}

/** All events that the server sends in response to this request, in order. */
function sentBy({ fault, first }: Asked, made: number): readonly number[] {
  const from = fault?.type === 'replay' ? Math.max(1, first - fault.events) : first;
  const count = fault !== undefined && 'afterEvents' in fault ? fault.afterEvents : made - from + 1;
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  return fault?.type === 'duplicate' ? numbers.flatMap((number) => [number, number]) : numbers;
}

/**
 * Compares the events of an attempt with those that the server at the end of its redirects sent.
 */
function expectAsSent(
  { handled, lastEventId, failure }: Attempt,
  request: Asked,
  made: number,
): void {
  const sent = sentBy(request, made);
  const got = handled.map(dataOf);
  expect(got).toEqual(
    sent.slice(0, got.length).map((number) => ({ stream: 'prices', number, text: 'é…🙂' })),
  );
  expect(got).toHaveLength(failure === 'closed' ? sent.length : got.length);
  const hasIds = request.fault?.type !== 'missingId';
  expect(handled.map((event) => event.lastEventId)).toEqual(
    got.map(({ number }) => (hasIds ? String(number) : lastEventId)),
  );
}

test('BODY-03 REC-01 under any mix of faults the client handles the events of each connection once, in order, goes on after the last event handled, and loses none', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFault, { maxLength: 8 }),
      fc.boolean(),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      async (faults, isSlow, place) => {
        jitter(place);
        const { attempts, asked, made } = await goThrough(faults, isSlow);
        for (const [index, attempt] of attempts.entries()) {
          const requests = asked.filter(
            ({ headers }) => headers['x-attempt'] === String(index + 1),
          );
          for (const request of requests) {
            expect(request.headers['last-event-id'] ?? '').toBe(attempt.lastEventId);
          }
          expectAsSent(attempt, requests.at(-1) as Asked, made);
        }
        const numbers = attempts.flatMap(({ handled }) =>
          handled.map((event) => dataOf(event).number),
        );
        expect([...new Set(numbers)]).toEqual(
          Array.from({ length: made }, (_, index) => index + 1),
        );
      },
    ),
    { ...limits, numRuns: 60 },
  );
}, 60_000);

test('any mix of faults and of answers that end a client leads to at most 5 requests in any second and 20 in any minute, redirects and restarts counted', async () => {
  const faults = fc.array(fc.oneof(anyFault, fault('redirect'), anyFatalAnswer), {
    minLength: 20,
    maxLength: 25,
  });
  await fc.assert(
    fc.asyncProperty(faults, async (given) => {
      jitter(0);
      const { asked } = await goThrough(given, false);
      const times = asked.map(({ at }) => at);
      expect(mostWithin(1000, times)).toBeLessThanOrEqual(5);
      expect(mostWithin(60_000, times)).toBeLessThanOrEqual(20);
    }),
    { ...limits, numRuns: 15 },
  );
}, 60_000);

test('BODY-11 any cut of any stream, through a socket and a client, gives the events that it means', async () => {
  await using stage = await openStage();
  await fc.assert(
    fc.asyncProperty(anyStream, anyCuts, async (bytes, cuts) => {
      const handled: ServerSentEvent[] = [];
      const client = await run(stage, {
        handle: (event) => {
          handled.push(event);
        },
      });
      const { request, stream } = await stage.next();
      stream();
      for (const piece of cut(bytes, cuts).filter(({ length }) => length > 0)) {
        request.socket.write(chunkOf(piece));
      }
      request.socket.end(chunkOf(new Uint8Array()));
      await client.until('disconnected');
      expect(handled).toEqual(meaningOf(bytes).events);
    }),
    { numRuns: 200 },
  );
});

/** Writes the chunks itself: Node merges chunks that are written one after the other. */
function chunkOf(bytes: Uint8Array): Uint8Array {
  const size = Buffer.from(`${bytes.length.toString(16)}\r\n`);
  return Buffer.concat([size, bytes, Buffer.from('\r\n')]);
}
