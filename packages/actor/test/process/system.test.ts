import { expect, test } from '@jest/globals';
import {
  crash,
  exit,
  type ExitReason,
  GenServer,
  kill,
  noreply,
  ok,
  type Process,
  sendAfter,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';

/** Traps exits, and takes 10 ms to terminate. */
function slow(log: string[], id: string) {
  return GenServer.define({
    init: (_arg: undefined, self: Process) => {
      trapExit(self, true);
      return ok(id);
    },
    terminate: async (reason: ExitReason, _state, self) => {
      log.push(`${id} asked to ${reason.type}`);
      await elapse(self.system as TestSystem, 10);
      log.push(`${id} done`);
    },
  });
}

function elapse(system: TestSystem, ms: number): Promise<void> {
  return new Promise((resolve) => {
    system.clock.setTimeout(resolve, ms);
  });
}

async function startThree(log: string[]): Promise<TestSystem> {
  const system = createTestSystem();
  for (const id of ['a', 'b', 'c']) {
    await GenServer.startLink(system, slow(log, id), undefined);
  }
  return system;
}

test('stop shuts down the processes linked to the system one by one, in reverse order of its start', async () => {
  const log: string[] = [];
  const system = await startThree(log);
  const stopped = system.stop();
  await advance(system, 30);
  await stopped;
  expect(log).toEqual([
    'c asked to shutdown',
    'c done',
    'b asked to shutdown',
    'b done',
    'a asked to shutdown',
    'a done',
  ]);
  expect(await system.whenExited).toEqual({ type: 'shutdown' });
});

test('stop with a timeout kills the processes that are left by then', async () => {
  const log: string[] = [];
  const system = await startThree(log);
  const stopped = system.stop({ timeout: 15 });
  await advance(system, 15);
  await stopped;
  expect(log).toEqual(['c asked to shutdown', 'c done', 'b asked to shutdown']);
});

test('a second stop waits for the first', async () => {
  const log: string[] = [];
  const system = await startThree(log);
  let isOver = false;
  void system.stop();
  void system.stop().then(() => (isOver = true));
  await advance(system, 29);
  expect(isOver).toBe(false);
  await advance(system, 1);
  expect(isOver).toBe(true);
  expect(log).toHaveLength(6);
});

test('a process that ends is asked to shut down in any case, and the system tells why', async () => {
  const log: string[] = [];
  const system = await startThree(log);
  expect(system.stopReason).toBe(undefined);
  const reason = crash(new Error('out of paper'));
  void system.stop({ reason });
  void system.stop();
  expect([log, system.stopReason]).toEqual([[], reason]);
  await advance(system, 30);
  expect(log).toContain('a asked to shutdown');
  expect(await system.whenExited).toBe(reason);
});

test('a system that ends by a link tells why', async () => {
  const system = createTestSystem();
  const server = await GenServer.startLink(system, slow([], 'a'), undefined);
  exit(system, server, kill);
  expect(await system.whenExited).toEqual(system.stopReason);
  expect(system.stopReason).toEqual({ type: 'killed' });
});

test('nothing of a stopped system runs: its timers are gone, and unlinked processes are killed', async () => {
  const system = createTestSystem();
  const handled: unknown[] = [];
  const server = await GenServer.start(
    system,
    GenServer.define({
      init: (_: undefined) => ok(0),
      handleInfo: (message: string, state) => {
        handled.push(message);
        return noreply(state);
      },
    }),
    undefined,
  );
  sendAfter(server, 'late', 10);
  await system.stop();
  await advance(system, 20);
  await settle(system);
  expect(handled).toEqual([]);
});
