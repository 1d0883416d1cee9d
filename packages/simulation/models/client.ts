import { defineModel, type Simulation } from '@reprise/simulation';

import { Feed, type FeedShape } from './support/client/feed.ts';

/** All waits after the last fault: silence, delays of the server, stores without an answer. */
const longestRest = 600_000;

/** Events come, clients are killed and streams break, for a while; then all faults end. */
async function run(sim: Simulation, shape: FeedShape): Promise<void> {
  const feed = new Feed(sim, shape);
  for (let round = 0; round < 10; round += 1) {
    feed.origin.produce(1 + sim.below(6));
    await sim.sleep(sim.below(4) === 3 ? sim.below(40_000) : sim.below(300));
    disturb(sim, feed);
  }
  sim.heal();
  // So long a write that was on its way may still come.
  await sim.sleep(15_000);
  feed.origin.produce();
  await sim.run({ until: () => feed.isDone, within: longestRest });
  await feed.stop();
  sim.sometimes('an event is handled again', shape.dedupe || feed.journal.repeats > 0);
  sim.sometimes('a client is started again', feed.origin.requests.length > 3);
}

function disturb(sim: Simulation, feed: Feed): void {
  const [stream] = feed.origin.streams;
  switch (sim.below(12)) {
    case 11:
    case 10:
      feed.kill();
      return;
    case 9:
      stream?.reset();
      return;
    case 8:
      stream?.end();
      return;
    case 7:
      stream?.vanish();
      return;
    default:
  }
}

/**
 * A client with a cursor, under every fault: each event is handled, in order, and the position is
 * never ahead of the work.
 */
const client = defineModel({
  name: 'client',
  program: (sim) =>
    run(sim, {
      store: sim.pick(['store', 'disk']),
      isRestartedAtOnce: false,
      dedupe: false,
      every: sim.pick([1, 3, 1000]),
      work: sim.pick([0, 50, 2000]),
      failures: sim.pick([0, 8]),
      renews: sim.below(2) === 1,
    }),
  options: {
    faults: {
      crash: true,
      pause: true,
      stall: true,
      clock: true,
      network: true,
      store: true,
      disk: true,
      origin: true,
    },
  },
  mutants: {
    'an event counts as handled before its handler settles': {
      file: 'sse/src/client/event-handler.ts',
      from: '? this.#acknowledgeLater(cursor, item, packet, result)',
      to: '? (void acknowledge(cursor, item, undefined), result)',
      within: 100,
    },
    'a request goes on from the last event that was read': {
      file: 'sse/src/client/delivery.ts',
      from: 'this.#receive(handlePacket(bytes, packets), bytes.length, generation);',
      to: `this.#receive(handlePacket(bytes, packets), bytes.length, generation);
    void this.#cursor?.caughtUp(packets.lastEventId);`,
      within: 1000,
    },
    'a kill leaves the connection open': {
      file: 'sse/src/client/session.ts',
      from: 'this.close();\n      leaveBudget(self, owner);',
      to: 'leaveBudget(self, owner);',
      within: 100,
    },
    'a connection that was paused is not resumed': {
      file: 'sse/src/client/stream.ts',
      from: 'this.#connection.resume();\n    } else {',
      to: '} else {',
      within: 100,
    },
    'a stop does not wait for the write of the position': {
      file: 'sse/src/client/server.ts',
      from: 'session.flush()?.then(finish, async (error: unknown) => {',
      to: `(undefined as Promise<void> | undefined)?.then(finish, async (error: unknown) => {`,
      within: 100,
    },
    'a start that is given up keeps the position until its read has an answer': {
      file: 'sse/src/cursor/cursor.ts',
      from: `owner.signal.addEventListener('abort', abandon);
  try {
    const position = await readPosition(options, calls, owner.signal);`,
      to: `try {
    const { signal } = new AbortController();
    const others = new StoreCalls(options, { ...owner, signal });
    const position = await readPosition(options, others, owner.signal);`,
      within: 1000,
    },
    'work that is given up with its client counts as handled': {
      file: 'sse/src/cursor/cursor.ts',
      from: 'this.#isReleased = true;',
      to: '',
      within: 1000,
    },
  },
});

/**
 * A client that drops handled events, on a machine and a store without faults: it handles nothing
 * twice, and its position never moves back, whatever the server sends again.
 */
const clientWithDedupe = defineModel({
  name: 'client with dedupe',
  program: (sim) =>
    run(sim, {
      store: 'store',
      isRestartedAtOnce: true,
      dedupe: true,
      every: sim.pick([1, 2]),
      work: sim.pick([0, 50, 2000]),
      failures: sim.pick([0, 8]),
      renews: sim.below(2) === 1,
    }),
  options: { faults: { stall: true, network: true, origin: true } },
  mutants: {
    'the next client does not wait for the last write': {
      file: 'sse/src/cursor/keys-in-use.ts',
      from: 'if (writing === undefined) {',
      to: 'if (writing === undefined || writing !== null) {',
      within: 1000,
    },
    'a server that repeats itself moves the position back': {
      file: 'sse/src/cursor/cursor.ts',
      from: 'return isMove && !(this.#dedupe && this.#place.isPassed(lastEventId))',
      to: 'return isMove',
      within: 1000,
    },
    'what was handled is handled again': {
      file: 'sse/src/cursor/place.ts',
      from: '? isEventId(event.id) && this.#recent.has(event.id)',
      to: '? false',
      within: 100,
    },
  },
});

export const models = [client, clientWithDedupe];
