import type { Clock } from '@reprise/actor';

import type { Recorded } from '../recording/record.ts';
import type { ToldHour } from './change.ts';
import { frame } from './frame.ts';
import { hourOf, latestChanges } from './hour.ts';
import { mergedChanges } from './merged-changes.ts';

/** The hour is told once in so many looks. */
const usually = 10;
/** After a change, so many looks after the last time: a storm of changes is not told in each. */
const soonest = 2;
/** How many of the latest changes are told with it, after those that belong together are merged. */
const mostLatest = 8;
/** How many slow callbacks a page has room for. */
const mostSlow = 6;
/** How many changes are merged at most. */
const mostMerged = 500;

/** The hour for the readers of a system, from look to look. */
export class HourFrames {
  readonly #clock: Clock;
  readonly #recorded: Recorded;
  #looks = 0;
  #isDue = false;

  constructor(clock: Clock, recorded: Recorded) {
    this.#clock = clock;
    this.#recorded = recorded;
  }

  /** In each look; `""` if it is not time. */
  inLook(isChanged: boolean): string {
    this.#looks += 1;
    this.#isDue ||= isChanged;
    if (this.#looks < (this.#isDue ? soonest : usually)) {
      return '';
    }
    this.#looks = 0;
    this.#isDue = false;
    return this.frame();
  }

  frame(): string {
    const now = this.#clock.now();
    const hour = hourOf(this.#recorded, now);
    const latest = mergedChanges(latestChanges(this.#recorded, now, mostMerged));
    const told: ToldHour = {
      ...hour,
      since: this.#recorded.since,
      latest: latest.slice(0, mostLatest),
      slowest: this.#recorded.trouble.slowCallbacks.at(now).slice(0, mostSlow),
    };
    return frame('hour', JSON.stringify(told));
  }
}
