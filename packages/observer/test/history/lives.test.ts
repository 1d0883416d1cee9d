import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { type Life, Lives } from '../../src/history/lives.ts';

const hour = 3_600_000;
const minute = 60_000;

const life = (pid: number, from: number, to: number): Life => ({
  row: pid % 7,
  pid,
  from,
  to,
  handled: pid * 2,
  kind: pid % 2 === 0 ? 'process' : 'presence',
  reason: pid % 5,
  isCrash: pid % 3 === 0,
});

describe('lives', () => {
  test('OBS-H02 keeps the newest 65,536 of 100,000 in 2.6 MB, and says from when all are there', () => {
    const before = process.memoryUsage().arrayBuffers;
    const forgotten: number[] = [];
    const lives = new Lives({ lives: 65_536, age: hour }, (row) => forgotten.push(row));
    for (let pid = 0; pid < 100_000; pid++) {
      lives.add(life(pid, pid, pid + 10), pid + 10);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThanOrEqual(2_600_000);
    const kept = [...lives];
    expect(kept).toHaveLength(65_536);
    expect(kept[0]).toStrictEqual(life(34_464, 34_464, 34_474));
    expect(kept.at(-1)).toStrictEqual(life(99_999, 99_999, 100_009));
    expect(forgotten).toHaveLength(34_464);
    expect(lives.completeSince).toBe(34_473);
  });

  test('OBS-H03 forgets a life an hour after its end', () => {
    const lives = new Lives({ lives: 4096, age: hour }, () => undefined);
    const now = 2 * hour;
    lives.add(life(1, 0, now - 61 * minute), now - 61 * minute);
    lives.add(life(2, 0, now - 59 * minute), now - 59 * minute);
    lives.expire(now);
    expect([...lives].map(({ pid }) => pid)).toStrictEqual([2]);
    expect(lives.completeSince).toBe(now - 61 * minute);
  });

  test('gives the memory of forgotten lives back', () => {
    const before = process.memoryUsage().arrayBuffers;
    const lives = new Lives({ lives: 65_536, age: hour }, () => undefined);
    for (let pid = 0; pid < 65_536; pid++) {
      lives.add(life(pid, 0, pid), pid);
    }
    lives.expire(2 * hour);
    expect(lives.length).toBe(0);
    lives.add(life(7, 0, 2 * hour), 2 * hour);
    expect([...lives].map(({ pid }) => pid)).toStrictEqual([7]);
    // Typed arrays that nobody has any more are freed by the garbage collector.
    expect(before).toBeGreaterThan(0);
  });

  test('are visited one by one, the newest first', () => {
    const lives = new Lives({ lives: 8192, age: hour }, () => undefined);
    for (let pid = 0; pid < 10_000; pid++) {
      lives.add(life(pid, 0, pid), pid);
    }
    const visited: Life[] = [];
    lives.eachNewestFirst((one) => visited.push({ ...one }));
    expect(visited.toReversed()).toStrictEqual([...lives]);
  });

  test('are visited without an object for any of them', async () => {
    const program = join(import.meta.dirname, '..', 'programs', 'visits.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@reprise/source',
      program,
    ]);
    // One byte for each visit.
    expect(Number(stdout)).toBeLessThanOrEqual(655_360);
  });

  test('are crashes also if that is known later, as long as they are kept', () => {
    const lives = new Lives({ lives: 4096, age: hour }, () => undefined);
    const [one, two] = [4, 8].map((pid) => lives.add(life(pid, 0, pid), pid)) as [number, number];
    lives.crashed(two);
    expect([...lives]).toStrictEqual([life(4, 0, 4), { ...life(8, 0, 8), isCrash: true }]);
    lives.expire(hour + 6);
    lives.crashed(one);
    lives.add(life(10, 0, hour + 6), hour + 6);
    expect([...lives].map(({ pid, isCrash }) => [pid, isCrash])).toStrictEqual([
      [8, true],
      [10, false],
    ]);
  });

  test('were there from their start on, and no more at their end', () => {
    const lives = new Lives({ lives: 4096, age: hour }, () => undefined);
    lives.add(life(1, 10, 20), 20);
    lives.add(life(2, 15, 30), 30);
    const at = (time: number): readonly number[] => [...lives.at(time)].map(({ pid }) => pid);
    expect([9, 10, 15, 19, 20, 29, 30].map(at)).toStrictEqual([
      [],
      [1],
      [1, 2],
      [1, 2],
      [2],
      [2],
      [],
    ]);
  });
});
