import { expect, test } from '@jest/globals';
import { createSystem } from '@reprise/actor';
import { createTestSystem } from '@reprise/actor/testing';

import { BusyThread, busyOf } from '../../src/member/busy.ts';

/** The thread after so many ms, idle and busy. */
const after = (idle: number, active: number) => ({ idle, active, utilization: 0 });

test('a thread is as busy as it was in the last period, and not before', () => {
  const thread = new BusyThread(1000);
  expect(thread.read(after(4000, 1000))).toBeCloseTo(0.2);
  // From the first look on: there is no other one in that time.
  expect(thread.read(after(4500, 1500))).toBeCloseTo(0.5);
  expect(thread.read(after(4500, 2000))).toBeCloseTo(2 / 3);
  expect(thread.read(after(4500, 2500))).toBe(1);
  expect(thread.read(after(5500, 2500))).toBe(0);
});

test('a process that has just started is not busy yet: it has loaded its code', () => {
  const thread = new BusyThread(1000);
  expect(thread.read(after(0, 400))).toBeCloseTo(0.4);
  expect(thread.read(after(0, 1000))).toBe(1);
});

test('only a system on the time of the host has a measure', async () => {
  const system = createSystem();
  const busy = busyOf(system, 1000)?.();
  expect(busy).toBeGreaterThanOrEqual(0);
  expect(busy).toBeLessThanOrEqual(1);
  expect(busyOf(createTestSystem(), 1000)).toBeUndefined();
  await system.stop();
});
