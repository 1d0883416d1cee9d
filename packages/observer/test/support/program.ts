// The service of the browser tests: three levels, three streams of a real server, and a clock that
// a test can make fast.
import {
  createSystem,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  monitor,
  noreply,
  ok,
  type Pid,
  Supervisor,
  type System,
  whereis,
} from '@reprise/actor';
import { supervisorInfo } from '@reprise/actor/inspect';
import { SseClient } from '@reprise/sse';

import { observer, type ObserverOptions } from '../../src/index.ts';
import { FastClock } from '../screenshots/fast-clock.ts';
import { Source } from '../screenshots/service.ts';
import { token } from './observed.ts';

export interface Program extends AsyncDisposable {
  readonly system: System;
  readonly clock: FastClock;
  readonly source: Source;
  readonly top: Pid;
  /** With a slash at its end. */
  readonly url: string;
  /** The process that runs at this place, by the ids below the top. */
  pidOf(...ids: readonly string[]): Pid;
  /** Kills it. */
  kill(...ids: readonly string[]): void;
  /** From now on the geocoder fails, in its starts too, and its queue waits for it. */
  loseDatabase(): void;
  /** The geocoder can be started again. */
  restoreDatabase(): void;
  /** The store handles so many messages. */
  fillStore(count: number): void;
  /** The callback of the store does not settle before the function that is returned is called. */
  holdStore(): () => void;
}

interface Database {
  isGone: boolean;
  /** Ends the waits for it. */
  back: PromiseWithResolvers<undefined>;
}

const geocoder = GenServer.define({
  init: (database: Database) => {
    if (database.isGone) {
      throw new Error('connect ECONNREFUSED 10.0.4.7:6432');
    }
    return ok({ database, found: 0 });
  },
  handleCast: {
    find: (_place: string) => {
      throw new Error('read ECONNRESET');
    },
  },
  formatStatus: ({ found }) => ({ found, apiKey: 'hidden by a key' }),
});

type Geocoder = GenServer.ServerOf<typeof geocoder>;

/** It watches the geocoder, waits for its database, and has a secret in its state. */
const queue = GenServer.define({
  init: (_: undefined, self) => {
    monitor(self, whereis(self, 'geocoder') ?? self.pid);
    return ok({ asked: 0, note: 'Bearer abcdefghijklmnop', password: 'open sesame' });
  },
  handleCast: {
    ask: async ({ back }: Database, state) => {
      await back.promise;
      return noreply(state);
    },
  },
  handleInfo: (_: unknown, state) => noreply(state),
});
type Queue = GenServer.ServerOf<typeof queue>;

const store = GenServer.define({
  init: () => ok(0),
  handleCast: {
    put: (_: string, count) => noreply(count + 1),
    hold: async (held: Promise<void>, count) => {
      await held;
      return noreply(count);
    },
  },
});
type Store = GenServer.ServerOf<typeof store>;

export async function startProgram(options: ObserverOptions = {}): Promise<Program> {
  const [clock, source] = [new FastClock(1), new Source()];
  const database: Database = { isGone: false, back: Promise.withResolvers() };
  const base = await source.listen();
  const logger = { error: () => {}, warn: () => {} };
  const system = createSystem({ clock, logger, slowCallback: Infinity });
  const { promise: announced, resolve: announce } = Promise.withResolvers<string>();
  const stream = (id: string) =>
    SseClient.resilient({
      id,
      url: base + id,
      idleTimeout: 300_000,
      minDelay: 4000,
      maxDelay: 60_000,
      handle: ({ data }) => {
        GenServer.cast(whereis(system, 'store') as Store, 'put', data);
      },
    });
  const top = await Supervisor.startLink(system, {
    strategy: 'restForOne',
    name: 'app',
    children: [
      GenServer.childSpec(store, undefined, { id: 'store', name: 'store' }),
      Supervisor.childSpec({
        id: 'feeds',
        strategy: 'oneForOne',
        children: ['athens', 'berlin', 'riga'].map(stream),
      }),
      Supervisor.childSpec({
        id: 'enrich',
        strategy: 'oneForOne',
        maxRestarts: 3,
        children: [
          GenServer.childSpec(geocoder, database, {
            id: 'geocoder',
            name: 'geocoder',
            restartDelay: { minDelay: 80_000, maxDelay: 80_000, healthyAfter: 60_000 },
          }),
          GenServer.childSpec(queue, undefined, { id: 'queue' }),
        ],
      }),
      DynamicSupervisor.childSpec({ id: 'jobs', name: 'jobs' }),
      observer({ port: 0, token, announce, ...options }),
    ],
  });
  const pidOf = (...ids: readonly string[]): Pid => childOf(top, ids);
  return {
    system,
    clock,
    source,
    top,
    url: await announced,
    pidOf,
    kill: (...ids) => {
      exit(system, pidOf(...ids), kill);
    },
    loseDatabase: () => {
      database.isGone = true;
      database.back = Promise.withResolvers();
      GenServer.cast(pidOf('enrich', 'geocoder') as Geocoder, 'find', 'Oslo');
      GenServer.cast(pidOf('enrich', 'queue') as Queue, 'ask', database);
    },
    restoreDatabase: () => {
      database.isGone = false;
      database.back.resolve(undefined);
    },
    fillStore: (count) => {
      for (let left = count; left > 0; left--) {
        GenServer.cast(pidOf('store') as Store, 'put', 'filled');
      }
    },
    holdStore: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      GenServer.cast(pidOf('store') as Store, 'hold', promise as unknown as Promise<void>);
      return () => {
        resolve(undefined);
      };
    },
    async [Symbol.asyncDispose]() {
      source.close();
      await system.stop({ timeout: 1000 });
    },
  };
}

/** The process at a place below a supervisor. */
function childOf(supervisor: Pid, [id, ...more]: readonly string[]): Pid {
  const child = supervisorInfo(supervisor)?.children.find((one) => one.id === id);
  if (child?.pid === undefined) {
    throw new Error(`Expected a child ${id} that runs, got none`);
  }
  return more.length === 0 ? child.pid : childOf(child.pid, more);
}
