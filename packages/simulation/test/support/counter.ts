import { GenServer, noreply, ok, reply } from '@reprise/actor';

/** Gives numbers in turn, and skips some. */
export const counter = GenServer.define({
  init: () => ok(0),
  handleCall: {
    next: async (_, count) => {
      await Promise.resolve();
      return reply(count, count + 1);
    },
  },
  handleCast: { skip: (by: number, count) => noreply(count + by) },
});
