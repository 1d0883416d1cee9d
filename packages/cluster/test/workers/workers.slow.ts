import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { machineTime } from '../../../../bench/torture/machine-time.ts';
import { takeovers } from '../../../../bench/torture/moves.ts';
import { Source } from '../../../../bench/torture/source.ts';
import { type Stall, stalledWithin, watchStalls } from '../../../../bench/torture/stalls.ts';
import type { WorkersProgram } from '../programs/workers-program.ts';
import { createEffects } from '../support/kills.ts';
import { temporaryFolder } from '../support/temporary.ts';

const streams = Array.from({ length: 10 }, (_, index) => `s${index}`);
const settlingTime = 30_000;

// Other systems have no SIGTERM.
(process.platform === 'win32' ? describe.skip : describe)('workers', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  let source: Source;
  let stalls: Stall[];
  let stopWatch: () => void;

  beforeEach(async () => {
    folder = temporaryFolder();
    file = join(folder.path, 'cluster.db');
    createEffects(file);
    source = await Source.start({ rate: 10 });
    stalls = [];
    stopWatch = watchStalls((stall) => stalls.push(stall));
  });

  afterEach(async () => {
    await endAll(source);
    stopWatch();
    await source.close();
    folder[Symbol.dispose]();
  });

  test('WRK-01 the streams of a worker that is killed are elsewhere before 1 s, and a new worker takes its place', async () => {
    const program = start();
    const [victim = 0] = await settled();
    const at = machineTime();
    process.kill(victim, 'SIGKILL');
    const after = (): readonly number[] =>
      takeovers(source.connections, { node: `${victim}`, at }).map((takeover) => takeover.after);
    await source.until(() => after().every((ms) => ms < Infinity), settlingTime);
    expect(after()).toHaveLength(streams.length / 2);
    expectBelow(Math.max(...after()), 1000, at);
    expect(await settled()).not.toContain(victim);
    expect(await program.stop()).toMatchObject({ status: 0 });
    expectClean();
  });

  test('WRK-02 workers whose parent is killed end in order before 2 s', async () => {
    const program = start();
    await settled();
    const at = machineTime();
    program.child.kill('SIGKILL');
    // The output of a worker is that of its parent: it closes when the last of them has ended.
    await program.ended;
    expectBelow(machineTime() - at, 2000, at);
    // A node that was killed leaves a row.
    expect(rows('select id from reprise_nodes')).toEqual([]);
    expectClean();
  });

  test('WRK-02 workers end in order also when their parent is killed while it stops them', async () => {
    const program = start();
    for (const pid of await settled()) {
      process.kill(pid, 'SIGTERM');
    }
    program.child.kill('SIGKILL');
    await program.ended;
    expect(rows('select id from reprise_nodes')).toEqual([]);
    expect(rows('select key from reprise_owners where strikes > 0')).toEqual([]);
    expectClean();
  });

  test.each([
    ['the workers are the tree', false],
    ['they are below a supervisor', true],
  ])(
    'WRK-03 a worker that dies at each start ends the program with status 1: %s',
    async (_, isBelow) => {
      const { status, stderr } = await start({ fault: 'stillborn', isBelow }).ended;
      expect(status).toBe(1);
      // One restart is allowed.
      expect(stderr.match(/^Error: stillborn/gm)).toHaveLength(2);
      expect(stderr).toContain('Expected worker 2 to run on, got the end of process');
    },
  );

  test('WRK-04 a worker that ignores SIGTERM is killed after its time, and the others are drained', async () => {
    const shutdown = 1000;
    const program = start({ fault: 'deaf', shutdown });
    await settled();
    const at = machineTime();
    const { status, stderr } = await program.stop();
    expect(machineTime() - at).toBeGreaterThanOrEqual(shutdown);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /worker 2, process \d+, has not ended within 1000 ms of SIGTERM, and was killed/,
    );
    // One has left, and the other is buried: no stream waits for the end of a lease.
    expect(rows('select id from reprise_nodes where buried_at is null')).toEqual([]);
    expect(rows('select id from reprise_nodes')).toHaveLength(1);
    expectClean();
  });

  function start(options: Partial<WorkersProgram> = {}) {
    const all = { file, source: source.url, streams, count: 2, isBelow: false };
    return startProgram({ ...all, maxRestarts: 1, shutdown: 5000, ...options });
  }

  /** Waits until each worker has its half of the streams. Their process ids. */
  async function settled(): Promise<readonly number[]> {
    const shares = (): ReadonlyMap<string, unknown[]> =>
      Map.groupBy(source.openAt(), ({ node }) => node);
    const isSettled = (): boolean => {
      const found = [...shares().values()];
      return found.length === 2 && found.every(({ length }) => length === streams.length / 2);
    };
    expect(await source.until(isSettled, settlingTime)).toBe(true);
    return [...shares().keys()].map(Number);
  }

  /** It took less than the limit, and the time for which the machine kept this process waiting. */
  function expectBelow(ms: number, limit: number, from: number): void {
    expect(ms - stalledWithin(stalls, { from, to: from + ms })).toBeLessThan(limit);
  }

  function rows(sql: string): readonly unknown[] {
    const database = new DatabaseSync(file);
    const found = database.prepare(sql).all();
    database.close();
    return found;
  }

  /** Each number of each stream once, and none missing up to the last. */
  function expectClean(): void {
    const found = rows(
      `select key from effect group by key
      having count(*) != count(distinct number) or count(*) != max(number)`,
    );
    expect(found).toEqual([]);
  }
});

const running = new Set<RunningProgram>();

/** Whatever a test that failed has left behind. */
async function endAll(source: Source): Promise<void> {
  for (const { child } of running) {
    child.kill('SIGKILL');
  }
  if (running.size > 0) {
    for (const { node } of source.openAt()) {
      process.kill(Number(node), 'SIGKILL');
    }
  }
  await Promise.all([...running].map(({ ended }) => ended));
}

interface RunningProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly stop: () => Promise<Ended>;
}

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

function startProgram(options: WorkersProgram): RunningProgram {
  const program = join(import.meta.dirname, '..', 'programs', 'workers.ts');
  const child = spawn(
    process.execPath,
    ['--conditions=@reprise/source', program, JSON.stringify(options)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = endOf(child, text(child.stderr));
  const stop = async (): Promise<Ended> => {
    child.kill('SIGTERM');
    return ended;
  };
  const started = { child, ended, stop };
  running.add(started);
  void ended.then(() => running.delete(started));
  return started;
}

/** `close` and not `exit`: only then have all processes that write to its output ended. */
async function endOf(child: ChildProcess, stderr: Promise<string>): Promise<Ended> {
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stderr: await stderr };
}
