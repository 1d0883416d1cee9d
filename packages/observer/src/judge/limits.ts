import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

/** From where on something needs a person. Times are in ms. */
export interface JudgeOptions {
  /**
   * So many restarts of a child within ten minutes are a crash loop, if the last was within two.
   * Default: 5.
   */
  readonly crashLoop?: number;
  /**
   * A callback or a handler that has not settled for so long is stuck, if messages or events wait
   * behind it. A sixth of it is a warning. Default: 60 s.
   */
  readonly stuck?: number;
  /** A stream needs a person if it is not connected for so long. Default: 5 min. */
  readonly notConnected?: number;
  /**
   * A stream is silent, which is a warning, if nothing comes for so long, for more than half of its
   * `idleTimeout`, and for more than twenty times its usual gap. Default: 30 s.
   */
  readonly silent?: number;
  /** A mailbox with so many messages is flooded, if it has grown for a minute. Default: 10,000. */
  readonly flooded?: number;
}

const keys: KeysOf<Required<JudgeOptions>> = {
  crashLoop: true,
  stuck: true,
  notConnected: true,
  silent: true,
  flooded: true,
};

const defaults: Required<JudgeOptions> = {
  crashLoop: 5,
  stuck: 60_000,
  notConnected: 300_000,
  silent: 30_000,
  flooded: 10_000,
};

/** The options, complete and checked. */
export function judgeLimits(options: JudgeOptions): Required<JudgeOptions> {
  assertKnownKeys('judge', options, keys);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const limits = { ...defaults, ...Object.fromEntries(given) };
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    if (typeof value !== 'number' || !(value > 0)) {
      throw new RangeError(`Expected ${name} to be a number above 0, got ${describe(value)}`);
    }
  }
  return limits;
}
