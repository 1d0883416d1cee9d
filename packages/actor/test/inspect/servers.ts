import { GenServer, noreply, ok, reply } from '@reprise/actor';

/** A server that counts, and waits for a promise on request. */
export const counter = GenServer.define({
  init: (from: number) => ok(from),
  handleCall: { get: (_, count) => reply(count, count) },
  handleCast: {
    add: (by: number, count) => noreply(count + by),
    crash: () => {
      throw new Error('boom');
    },
    wait: async (until: Promise<void>, count) => {
      await until;
      return noreply(count);
    },
  },
  handleInfo: (_: string, count) => noreply(count),
});
export type Counter = GenServer.ServerOf<typeof counter>;
