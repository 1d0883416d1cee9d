import { createSystem } from '@reprise/actor';
import { type TestSystem, virtualClock } from '@reprise/actor/testing';
import { jumpingClock } from '@reprise/sse/testing';

/**
 * A test system whose thread can be held, or whose machine can sleep, in the middle of a handler.
 */
export function heldSystem(): {
  readonly system: TestSystem;
  /** The thread is held for so many ms: timers that have fallen due fire after that. */
  readonly hold: (ms: number) => void;
  /** The machine sleeps: only the date moves on. */
  readonly sleep: (ms: number) => void;
} {
  const reports: { level: 'error' | 'warn'; message: string; details: object }[] = [];
  const virtual = virtualClock();
  const jumping = jumpingClock(virtual);
  const clock = { ...virtual, ...pickClock(jumping), advance: virtual.advance };
  const logger = {
    error: (details: object, message: string): void => {
      reports.push({ level: 'error', message, details });
    },
    warn: (details: object, message: string): void => {
      reports.push({ level: 'warn', message, details });
    },
  };
  const system = createSystem({ clock, logger, slowCallback: Infinity });
  return {
    system: Object.assign(system, { reports }) as unknown as TestSystem,
    hold: jumping.jump,
    sleep: jumping.sleep,
  };
}

function pickClock(clock: ReturnType<typeof jumpingClock>): typeof clock {
  const { now, date, setTimeout, clearTimeout, jump, sleep } = clock;
  return { now, date, setTimeout, clearTimeout, jump, sleep };
}
