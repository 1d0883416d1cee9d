import { channel } from '../host.ts';

/**
 * Events of all systems, for subscribers of `node:diagnostics_channel`. Without a subscriber an
 * event costs the test of a flag; on a host without that module nothing is published.
 *
 * | channel | message |
 * |---|---|
 * | `reprise:spawn` | `{ pid, parent }` |
 * | `reprise:exit` | `{ pid, reason }` |
 * | `reprise:message:dropped` | `{ pid, message }`: the mailbox was full |
 * | `reprise:callback:slow` | `{ pid, ms }`: it blocked the thread for so long |
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
