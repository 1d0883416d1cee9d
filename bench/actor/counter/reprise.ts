import { GenServer, noreply, ok, reply } from '@reprise/actor';

/**
 * What most benchmarks run, the same for every contender: it adds up what it is told, and what it
 * is asked to.
 */
export const counter = GenServer.define({
  init: (count: number) => ok(count),
  handleCall: { add: (by: number, count) => reply(count + by, count + by) },
  handleCast: { add: (by: number, count) => noreply(count + by) },
});
