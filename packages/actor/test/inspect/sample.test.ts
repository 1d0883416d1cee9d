import { describe, expect, test } from '@jest/globals';
import { exit, GenServer, kill, processes, processInfo, spawn } from '@reprise/actor';
import { type Sample, sample, statuses } from '@reprise/actor/inspect';
import { createTestSystem, settle } from '@reprise/actor/testing';

import { forever } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { counter, type Counter } from './servers.ts';

/** The rows of a sample, as `processInfo` would show them. */
function rowsOf(look: Sample): readonly object[] {
  return Array.from({ length: look.length }, (_, row) => ({
    id: look.ids[row],
    status: statuses[look.statuses[row] ?? 0],
    messageQueueLen: look.queues[row],
    handled: look.handled[row],
    busy: Math.abs(look.busy[row] ?? 0),
    awaitingSince: Number.isNaN(look.awaitingSince[row]) ? undefined : look.awaitingSince[row],
  }));
}

describe('sample', () => {
  test('OBS-R04 has the facts of processInfo of each process, in the order of their start', async () => {
    const system = createTestSystem();
    const servers: Counter[] = [];
    for (let index = 0; index < 200; index++) {
      servers.push(await GenServer.start(system, counter, index));
    }
    spawn(system, forever);
    for (const [index, pid] of servers.entries()) {
      GenServer.cast(pid, 'add', 1);
      if (index % 3 === 0) {
        GenServer.cast(pid, 'wait', forever());
        GenServer.cast(pid, 'add', 1);
      }
    }
    await settle(system);
    GenServer.cast(servers[1] as Counter, 'add', 1);
    const looked = rowsOf(sample(system));
    const told = processes(system).map((pid) => {
      const { status, messageQueueLen, handled, busy, awaitingSince } = processInfo(pid) ?? {};
      return { id: pid.id, status, messageQueueLen, handled, busy, awaitingSince };
    });
    expect(looked).toStrictEqual(told);
    expect(new Set(told.map(({ status }) => status))).toStrictEqual(
      new Set(['waiting', 'runnable', 'awaiting']),
    );
  });

  test('OBS-R04 of 10,000 processes makes no object: 100 looks leave 64 KB at most', async () => {
    const { lines, stderr } = await runProgram('looks').ended;
    expect(stderr).toBe('');
    expect(Number(lines[0])).toBeLessThanOrEqual(64 * 1024);
  });

  test('OBS-R05 has each process in exactly the looks that it lived through', async () => {
    const system = createTestSystem();
    const into = sample(system);
    const alive: Counter[] = [];
    const known = new Map<number, number>();
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < round % 7; index++) {
        const pid = await GenServer.start(system, counter, 0);
        alive.push(pid);
        for (let message = 0; message < pid.id % 5; message++) {
          GenServer.cast(pid, 'add', 1);
        }
        known.set(pid.id, pid.id % 5);
      }
      for (const pid of alive.splice(0, round % 5)) {
        exit(system, pid, kill);
      }
      await settle(system);
      const rows = rowsOf(sample(system, into)).slice(1);
      expect(
        rows.map((row) => [(row as { id: number }).id, (row as { handled: number }).handled]),
      ).toStrictEqual(alive.map(({ id }) => [id, known.get(id)]));
    }
  });
});
