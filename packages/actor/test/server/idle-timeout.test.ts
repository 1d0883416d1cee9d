import { expect, test } from '@jest/globals';
import { GenServer, noreply, ok, sys } from '@reprise/actor';
import { createTestSystem, settle } from '@reprise/actor/testing';

const server = GenServer.define({
  init: (log: string[]) => ok(log),
  handleCast: {
    wait: (_payload: undefined, log) => noreply(log, { timeout: 0 }),
    note: (_payload: undefined, log) => noreply([...log, 'note']),
  },
  handleInfo: (message: { readonly type: string }, log) => noreply([...log, message.type]),
});

test.each([
  ['comes behind requests of sys that wait already', [], ['sys', 'timeout']],
  ['is cancelled by a message that waits already', ['note'], ['sys', 'note']],
])('a time-out of 0 %s', async (_title, casts, log) => {
  const system = createTestSystem();
  const pid = await GenServer.start(system, server, []);
  GenServer.cast(pid, 'wait');
  const replaced = sys.replaceState(pid, (state) => [...(state as string[]), 'sys']);
  for (const cast of casts) {
    GenServer.cast(pid, cast as 'note');
  }
  await settle(system);
  await replaced;
  expect(await sys.getState(pid)).toStrictEqual(log);
});
