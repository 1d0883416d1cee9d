/**
 * `node cost-program.ts URL CONTENDER PACKETS EVENTS`, with an IPC channel: measures the cost of
 * reading. The server sends the next packet on request: the number of packets does not depend on
 * the machine.
 */
import { createHook } from 'node:async_hooks';
import { get } from 'node:http';
import { Session } from 'node:inspector/promises';

import { type ChildSpec, createSystem, DynamicSupervisor, type Pid, sys } from '@reprise/actor';
import { createParser } from 'eventsource-parser';

import { connect, noreply, SseClient } from '../../src/index.ts';

/** The cost of the measured packets, which follow as many for warming up. */
export interface Cost {
  /** Bytes allocated on the heap. */
  readonly bytes: number;
  readonly promises: number;
  /** Messages taken from the mailbox. */
  readonly messages: number;
  /** Calls of functions of the machine, and of xstate. */
  readonly steps: number;
}

type Handle = () => void;
type Follow = (url: string, handle: Handle) => Promise<Pid | undefined>;

// The time stands still: on a slow machine the events of a packet take several slices, and so
// several messages.
const now = performance.now();
performance.now = () => now;

const counter = SseClient.define({
  init: ({ url, handle }: { readonly url: string; readonly handle: Handle }) =>
    connect({ url }, { handle }),
  handleConnect: (_response, state) => noreply(state),
  handleConnectFailure: (_failure, state) => noreply(state),
  handleDisconnect: (_disconnected, state) => noreply(state),
  handleEvent: (_event, state) => {
    state.handle();
    return state;
  },
});

/** The same with an `async` handler. */
const waiting = SseClient.define({
  ...counter,
  handleEvent: async (_event, state) => {
    state.handle();
    return state;
  },
});

/** Finds the position without a cost of its own. */
const cursorOf = ({ id }: { readonly id: string | null }): string | undefined => id ?? undefined;

const supervisor = await DynamicSupervisor.startLink(createSystem());

const supervised = (spec: ChildSpec<string, Pid>): Promise<Pid | undefined> =>
  DynamicSupervisor.startChild(supervisor, spec);

const contenders: Readonly<Record<string, Follow>> = {
  client: (url, handle) =>
    supervised(SseClient.childSpec(counter, { url, handle }, { id: 'client' })),
  waiting: (url, handle) =>
    supervised(SseClient.childSpec(waiting, { url, handle }, { id: 'client' })),
  resilient: (url, handle) => supervised(SseClient.resilient({ id: 'client', url, handle })),
  'resilient with a cursor': (url, handle) =>
    supervised(
      SseClient.resilient({
        id: 'client',
        url,
        handle,
        cursor: { store: new Map(), every: Infinity, within: 2 ** 31 - 1 },
      }),
    ),
  'resilient with a position of its own': (url, handle) =>
    supervised(SseClient.resilient({ id: 'client', url, handle, cursorOf })),
  'resilient with a cursor and a position of its own': (url, handle) =>
    supervised(
      SseClient.resilient({
        id: 'client',
        url,
        handle,
        cursorOf,
        cursor: { store: new Map(), every: Infinity, within: 2 ** 31 - 1 },
      }),
    ),
  /** The layers below the client: `node:http` and the parser. */
  floor: async (url, handle) => {
    const parser = createParser({ onEvent: handle });
    get(url, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        parser.feed(text);
      });
    });
    return undefined;
  },
};

let left = 0;
let arrived = (): void => undefined;
let begin = (): void => undefined;

const [url = '', contender = '', packetsText, eventsText] = process.argv.slice(2);
const packets = Number(packetsText);
/** Events in a packet. */
const events = Number(eventsText);
const pid = await follow();
await read(packets);
const bytes = await allocated();
const cost: Cost = { bytes, ...(await counted()) };
process.send?.(cost, () => process.exit());

async function follow(): Promise<Pid | undefined> {
  const { promise, resolve } = Promise.withResolvers<void>();
  left = 1;
  arrived = resolve;
  const started = await contenders[contender]?.(url, handle);
  await promise;
  return started;
}

function handle(): void {
  begin();
  left -= 1;
  if (left === 0) {
    arrived();
  } else if (left % events === 0) {
    process.send?.('next');
  }
}

/** Calls `starts` when the first event is handled, `ends` when the last one is. */
async function read(
  count: number,
  starts = (): void => undefined,
  ends = (): void => undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  left = count * events;
  begin = () => {
    begin = () => undefined;
    starts();
  };
  arrived = () => {
    ends();
    resolve();
  };
  process.send?.('next');
  await promise;
}

/** The heap of the program is large enough: no garbage is collected meanwhile. */
async function allocated(): Promise<number> {
  let before = 0;
  let after = 0;
  await read(
    packets,
    () => {
      before = process.memoryUsage().heapUsed;
    },
    () => {
      after = process.memoryUsage().heapUsed;
    },
  );
  return after - before;
}

async function counted(): Promise<Omit<Cost, 'bytes'>> {
  let promises = 0;
  const hook = createHook({
    init: (_id, type) => {
      promises += type === 'PROMISE' ? 1 : 0;
    },
  });
  const profiler = new Session();
  profiler.connect();
  await profiler.post('Profiler.enable');
  await profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await statistics(true);
  await profiler.post('Profiler.takePreciseCoverage');
  await read(
    packets,
    () => hook.enable(),
    () => hook.disable(),
  );
  const { result } = await profiler.post('Profiler.takePreciseCoverage');
  const calls = result
    .filter(({ url }) => /\/xstate\/|\/machine\.ts$/.test(url))
    .flatMap(({ functions }) => functions.map(({ ranges }) => ranges[0]?.count ?? 0));
  const messages = await statistics('get');
  return { promises, messages, steps: calls.reduce((sum, count) => sum + count, 0) };
}

async function statistics(flag: true | 'get'): Promise<number> {
  if (pid === undefined) {
    return 0;
  }
  if (flag === true) {
    await sys.statistics(pid, true);
    return 0;
  }
  return (await sys.statistics(pid, 'get'))?.messagesIn ?? 0;
}
