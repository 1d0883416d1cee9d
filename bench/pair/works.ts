import type * as actor from '@reprise/actor';

/** `@reprise/actor` of one of the two checkouts. */
export type Actor = typeof actor;

/** Does some work `count` times. */
export type Work = (count: number) => Promise<void>;

export interface WorkKind {
  /** How often the work is done in one lap: about 10 ms. */
  readonly lap: number;
  readonly prepare: (side: Actor) => Promise<Work>;
}

export const works: Readonly<Record<string, WorkKind>> = {
  cast: { lap: 100_000, prepare: casting },
  call: { lap: 10_000, prepare: calling },
  ring: { lap: 50_000, prepare: ring },
  start: { lap: 2_000, prepare: starting },
};

async function casting(side: Actor): Promise<Work> {
  const { GenServer } = side;
  const server = await GenServer.start(side.createSystem(), counterOf(side), 0);
  const batch = 1000;
  return async (count) => {
    for (let sent = 0; sent < count; sent += batch) {
      for (let n = 0; n < batch; n++) {
        GenServer.cast(server, 'add', 1);
      }
      await GenServer.call(server, 'add', 0);
    }
  };
}

async function calling(side: Actor): Promise<Work> {
  const { GenServer } = side;
  const server = await GenServer.start(side.createSystem(), counterOf(side), 0);
  return async (count) => {
    for (let n = 0; n < count; n++) {
      await GenServer.call(server, 'add', 1);
    }
  };
}

function counterOf({ GenServer, noreply, ok, reply }: Actor) {
  return GenServer.define({
    init: (count: number) => ok(count),
    handleCall: { add: (by: number, count) => reply(count + by, count + by) },
    handleCast: { add: (by: number, count) => noreply(count + by) },
  });
}

/** A message goes around a ring of 100 processes. */
async function ring({ createSystem, GenServer, noreply, ok, send }: Actor): Promise<Work> {
  let arrived = Promise.withResolvers<void>();
  const servers: actor.Pid<number>[] = [];
  const member = GenServer.define({
    init: (next: number) => ok(next),
    handleInfo: (hops: number, next) => {
      const server = servers[next];
      if (hops > 0 && server !== undefined) {
        send(server, hops - 1);
      } else {
        arrived.resolve();
      }
      return noreply(next);
    },
  });
  const system = createSystem();
  for (let n = 0; n < 100; n++) {
    servers.push(await GenServer.start(system, member, (n + 1) % 100));
  }
  return async (count) => {
    arrived = Promise.withResolvers();
    send(servers[0] as actor.Pid<number>, count);
    await arrived.promise;
  };
}

async function starting(side: Actor): Promise<Work> {
  const { GenServer } = side;
  const system = side.createSystem();
  const counter = counterOf(side);
  return async (count) => {
    for (let n = 0; n < count; n++) {
      await GenServer.stop(await GenServer.start(system, counter, 0));
    }
  };
}
