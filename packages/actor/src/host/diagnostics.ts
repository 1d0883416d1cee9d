import { channel } from './host.ts';

/**
 * What happens in systems, for whoever subscribes with `node:diagnostics_channel`: nobody does, and
 * it costs a test of a flag. On a host without it nothing is published.
 *
 * | channel | message |
 * |---|---|
 * | `reprise:spawn` | `{ pid, parent }` |
 * | `reprise:exit` | `{ pid, reason }` |
 * | `reprise:message:dropped` | `{ pid, message }`: the mailbox was full |
 * | `reprise:callback:slow` | `{ pid, ms }`: it held the thread so long |
 * | `reprise:call:timeout` | `{ pid, request }` |
 * | `reprise:restart` | `{ supervisor, id, reason }` |
 */
export const diagnostics: Readonly<
  Record<'spawn' | 'exit' | 'messageDropped' | 'callbackSlow' | 'callTimeout' | 'restart', Channel>
> = {
  spawn: channel('reprise:spawn'),
  exit: channel('reprise:exit'),
  messageDropped: channel('reprise:message:dropped'),
  callbackSlow: channel('reprise:callback:slow'),
  callTimeout: channel('reprise:call:timeout'),
  restart: channel('reprise:restart'),
};

type Channel = ReturnType<typeof channel>;
