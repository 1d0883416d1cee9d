import {
  childSpec,
  createSystem,
  DynamicSupervisor,
  GenServer,
  monitor,
  noreply,
  ok,
  type Pid,
  Supervisor,
  type System,
  whereis,
  Agent,
} from '@reprise/actor';
import { observer } from '@reprise/observer';

/** 132 bits. */
export const token = 'abcdefghijklmnopqrstuv';

const geocoder = GenServer.define({
  init: () => ok(0),
  handleCall: {
    look: (place: string) => {
      throw new Error(`no answer for ${place}`);
    },
  },
});

/** Monitors the geocoder, and is stuck once that has ended. */
const queue = GenServer.define({
  init: (_: undefined, self) => {
    const watched = whereis(self.system, 'geocoder');
    if (watched !== undefined) {
      monitor(self, watched);
    }
    return ok(0);
  },
  handleCast: { add: (_: number, state) => noreply(state + 1) },
  handleInfo: (_: unknown, state) => new Promise<never>(() => state),
});

/** A program with an observer: `app` above `store`, `enrich`, `jobs`. */
export interface Service extends AsyncDisposable {
  readonly system: System;
  /** Without the token, with a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** `geocoder` crashes five times; a message waits for `queue`, which watches it. */
  crash(): Promise<void>;
}

export interface ServiceOptions {
  /** Default: any that is free. */
  readonly port?: number;
  /** The ids of further children. */
  readonly names?: readonly string[];
}

export async function startService({
  port = 0,
  names = [],
}: ServiceOptions = {}): Promise<Service> {
  // On a busy machine any callback may hold the thread, and it is told how long ago.
  const system = createSystem({
    slowCallback: Infinity,
    logger: { error: () => {}, warn: () => {} },
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const app = await Supervisor.startLink(system, {
    strategy: 'restForOne',
    name: 'app',
    children: [
      agent('store'),
      ...names.map(agent),
      enrich,
      DynamicSupervisor.childSpec({ id: 'jobs' }),
      observer({ port, token, announce: resolve }),
    ],
  });
  const url = await promise;
  return {
    system,
    url,
    port: Number(new URL(url).port),
    crash: () => crashGeocoder(Supervisor.child(app as Pid as Supervisor.Pid, 'enrich' as never)),
    [Symbol.asyncDispose]: () => system.stop(),
  };
}

const agent = (id: string) => childSpec((parent) => Agent.startLink(parent, () => 3), { id });

const enrich = Supervisor.childSpec({
  id: 'enrich',
  strategy: 'oneForOne',
  maxRestarts: 100,
  children: [
    GenServer.childSpec(geocoder, undefined, { id: 'geocoder', name: 'geocoder' }),
    GenServer.childSpec(queue, undefined, { id: 'queue' }),
  ],
});

const childOf = (supervisor: Pid, id: string): Pid =>
  Supervisor.child(supervisor as never, id as never);

async function crashGeocoder(supervisor: Pid): Promise<void> {
  const queued = childOf(supervisor, 'queue') as GenServer.ServerOf<typeof queue>;
  for (let count = 0; count < 5; count++) {
    const server = await Supervisor.whenChild(supervisor as never, 'geocoder' as never);
    await GenServer.call(server as GenServer.ServerOf<typeof geocoder>, 'look', 'Oslo').catch(
      () => undefined,
    );
    GenServer.cast(queued, 'add', 1);
  }
  await Supervisor.whenChild(supervisor as never, 'geocoder' as never);
}
