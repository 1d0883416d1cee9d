// A service with faults, for pictures of the observer: streams of prices, orders and flags from a
// server of its own, a geocoder without its database, and jobs.
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  type Backoff,
  type ChildSpec,
  type Clock,
  createSystem,
  DynamicSupervisor,
  GenServer,
  noreply,
  ok,
  type Pid,
  type Process,
  monitor,
  sendAfter,
  Supervisor,
  type System,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { ServerSentEvent, SseClient } from '@reprise/sse';

import { observer } from '../../src/index.ts';
import { timed } from '../../src/metrics.ts';

const cities =
  'amsterdam athens belgrade berlin bern brussels copenhagen dublin helsinki lisbon ljubljana london madrid oslo paris prague reykjavik riga rome sofia tallinn vienna vilnius warsaw'.split(
    ' ',
  );
export const shards = Array.from(
  { length: 10 },
  (_, at) => `shard-${String(at + 1).padStart(2, '0')}`,
);
const clients = ['web', 'ios', 'android', 'kiosk', 'tv', 'watch'];

/** What the source does to its readers. */
export class Source {
  readonly server: Server = createServer((request, response) => {
    this.#answer((request.url ?? '').slice(1), response);
  });
  readonly refused: Set<string> = new Set();
  readonly silent: Set<string> = new Set();
  readonly #readers: Map<string, ServerResponse> = new Map();
  readonly #date: () => number;
  #id = 8_810_000;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** `date`: the time of day, which stands in the events. */
  constructor(date: () => number = Date.now) {
    this.#date = date;
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.#timer = setInterval(() => {
      this.#publish();
    }, 60);
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Ends the streams of these names. */
  cut(names: readonly string[]): void {
    for (const name of names) {
      this.#readers.get(name)?.destroy();
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.server.close();
    this.server.closeAllConnections();
  }

  #answer(name: string, response: ServerResponse): void {
    if (this.refused.has(name)) {
      response.writeHead(503).end();
      return;
    }
    response.writeHead(200, { 'content-type': ServerSentEvent.mimeType });
    response.flushHeaders();
    this.#readers.set(name, response);
  }

  #publish(): void {
    for (const [name, response] of this.#readers) {
      const isQuiet = clients.includes(name) && Math.random() < 0.9;
      if (!this.silent.has(name) && !isQuiet) {
        this.#id += 1;
        const id = String(this.#id);
        // It was made a while ago.
        const data = `${name} ${this.#date() - 20 - Math.random() * 60}`;
        const event = { type: 'price', data, id, lastEventId: id };
        response.write(ServerSentEvent.serialize(event));
      }
    }
  }
}

const store = GenServer.define({
  init: () => ok(0),
  handleCast: { put: (_: string, count) => noreply(count + 1) },
});
type Store = GenServer.ServerOf<typeof store>;

/** It fails in its start while the database is gone. */
const database = { isGone: false };

const geocoder = GenServer.define({
  init: ({ host }: { readonly host: string; readonly password: string }) => {
    if (database.isGone) {
      throw new Error(`connect ECONNREFUSED ${host}:6432`);
    }
    return ok({ host, found: 0 });
  },
  handleCast: {
    find: (_: string, state) => {
      if (database.isGone) {
        throw new Error('read ECONNRESET');
      }
      return noreply({ ...state, found: state.found + 1 });
    },
  },
});
type Geocoder = GenServer.ServerOf<typeof geocoder>;

/** It watches the geocoder, and waits for it without a timeout. */
const queue = GenServer.define({
  init: () => ok({ asked: 0, waiting: [] as readonly string[], token: 'secret' }),
  handleCast: {
    watch: (pid: Pid, state, self) => {
      monitor(self, pid);
      return noreply(state);
    },
    add: (_place: string, state) => noreply({ ...state, asked: state.asked + 1 }),
  },
  handleInfo: (_down: unknown, state) => new Promise<never>(() => state),
});
type Queue = GenServer.ServerOf<typeof queue>;

const job = GenServer.define({
  init: (_: undefined, self) => {
    sendAfter(self.pid as Pid<'work'>, 'work', 1000);
    return ok(0);
  },
  handleInfo: (_: 'work', done, self) => {
    sendAfter(self.pid as Pid<'work'>, 'work', 2000 + Math.floor(Math.random() * 8000));
    return noreply(done + 1);
  },
  handleCast: {
    /** It holds the thread. */
    hold: (ms: number, done) => {
      const until = performance.now() + ms;
      while (performance.now() < until);
      return noreply(done + 1);
    },
    render: (order: { readonly currency?: { readonly code: string } }, done) =>
      noreply(done + (order.currency as { readonly code: string }).code.length),
  },
});

export interface Service {
  readonly system: System;
  readonly source: Source;
  readonly url: string;
  /** The database of the geocoder is gone from now on. */
  loseDatabase(): void;
  /** A job crashes. */
  crashJob(): Promise<void>;
  /** A job holds the thread for so long; every third one makes thumbnails. */
  holdThread(job: number, ms: number): void;
  stop(): Promise<void>;
}

const restartDelay: Backoff = { minDelay: 1000, maxDelay: 30_000, healthyAfter: 60_000 };

function eventTime({ data }: ServerSentEvent): number {
  return Number(data.split(' ').at(-1));
}

export async function startService(clock: Clock, token: string): Promise<Service> {
  const source = new Source(() => clock.date?.() ?? Date.now());
  const base = await source.listen();
  const logger = { error: () => {}, warn: () => {} };
  const system = createSystem({ clock, logger, slowCallback: 150 });
  const { promise: announced, resolve: announce } = Promise.withResolvers<string>();
  const kept: { store: Store | undefined; queue: Queue | undefined } = {
    store: undefined,
    queue: undefined,
  };
  const handle = ({ data }: ServerSentEvent): void => {
    if (kept.store !== undefined) {
      GenServer.cast(kept.store, 'put', data);
    }
  };
  const stream = (id: string): ChildSpec =>
    SseClient.resilient({
      id,
      url: base + id,
      idleTimeout: 900_000,
      minDelay: 2000,
      maxDelay: 30_000,
      handle: clients.includes(id) ? handle : timed(handle, { eventTime }),
    });
  const group = (id: string, names: readonly string[]): ChildSpec =>
    Supervisor.childSpec({ id, strategy: 'oneForOne', children: names.map(stream) });
  const keep = (spec: ChildSpec, set: (pid: Pid) => void): ChildSpec => ({
    ...spec,
    start: async (parent: Process) => {
      const pid = await spec.start(parent);
      if (pid !== undefined) {
        set(pid);
      }
      return pid as never;
    },
  });
  const place = { host: '10.0.4.7', password: 'secret' };
  const top = await Supervisor.startLink(system, {
    strategy: 'restForOne',
    name: 'shop-feeds',
    children: [
      keep(GenServer.childSpec(store, undefined, { id: 'store' }), (pid) => {
        kept.store = pid as Store;
      }),
      Supervisor.childSpec({
        id: 'feeds',
        strategy: 'oneForOne',
        children: [group('prices', cities), group('orders', shards), group('flags', clients)],
      }),
      Supervisor.childSpec({
        id: 'enrich',
        strategy: 'oneForOne',
        maxRestarts: 3,
        children: [
          keep(GenServer.childSpec(queue, undefined, { id: 'geocoder-queue' }), (pid) => {
            kept.queue = pid as Queue;
          }),
          GenServer.childSpec(geocoder, place, { id: 'geocoder', restartDelay }),
          GenServer.childSpec(store, undefined, { id: 'currency' }),
          GenServer.childSpec(store, undefined, { id: 'dedupe' }),
        ],
      }),
      DynamicSupervisor.childSpec({ id: 'jobs', name: 'jobs', maxRestarts: 100 }),
      GenServer.childSpec(store, undefined, { id: 'audit' }),
      GenServer.childSpec(store, undefined, { id: 'web' }),
      observer({ port: 0, token, announce }),
    ],
  });
  const url = await announced;
  const enrich = childOf(top, 'enrich');
  GenServer.cast(childOf(enrich, 'geocoder-queue') as Queue, 'watch', childOf(enrich, 'geocoder'));
  let crashed = 3;
  const jobs = await startJobs(childOf(top, 'jobs'));
  const timer = setInterval(() => {
    if (kept.queue !== undefined) {
      GenServer.cast(kept.queue, 'add', 'Reykjavík');
    }
  }, 20);
  return {
    system,
    source,
    url,
    loseDatabase: () => {
      database.isGone = true;
      GenServer.cast(childOf(enrich, 'geocoder') as Geocoder, 'find', 'Oslo');
    },
    crashJob: async () => {
      GenServer.cast(jobs[crashed++] as GenServer.ServerOf<typeof job>, 'render', {});
    },
    holdThread: (at, ms) => {
      GenServer.cast(jobs[at] as GenServer.ServerOf<typeof job>, 'hold', ms);
    },
    stop: async () => {
      clearInterval(timer);
      source.close();
      await system.stop({ timeout: 2000 });
    },
  };
}

function childOf(supervisor: Pid, id: string): Pid {
  const child = supervisorInfo(supervisor)?.children.find((one) => one.id === id);
  if (child?.pid === undefined) {
    throw new Error(`Expected a child ${id} that runs, got none`);
  }
  return child.pid;
}

async function startJobs(jobs: Pid): Promise<readonly Pid[]> {
  const started: Pid[] = [];
  for (let at = 0; at < 64; at++) {
    const id = at % 3 === 0 ? 'thumbnail' : 'render';
    const spec = GenServer.childSpec(job, undefined, { id });
    started.push((await DynamicSupervisor.startChild(jobs as never, spec)) as Pid);
  }
  return started;
}
