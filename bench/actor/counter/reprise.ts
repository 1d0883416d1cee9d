import { GenServer, noreply, ok, reply } from '@reprise/actor';

/**
 * The server of most benchmarks, the same for every contender. It adds up the numbers of casts and
 * of calls.
 */
export const counter = GenServer.define({
  init: (count: number) => ok(count),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
  handleCast: { add: (by: number, count) => noreply(count + by) },
});
