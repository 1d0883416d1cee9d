import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

/**
 * From where on something needs a person. Times are in ms. `Infinity`: never. What a look does not
 * have is refused: it would never be found.
 */
export interface JudgeOptions {
  /**
   * So many restarts of a child within ten minutes are a crash loop, if the last was within two:
   * 100 at most. Default: 5.
   */
  readonly crashLoop?: number;
  /**
   * A callback or a handler that has not settled for so long is stuck, if messages or events wait
   * behind it: 1 s at least. A sixth of it is a warning. Default: 60 s.
   */
  readonly stuck?: number;
  /** A stream needs a person if it is not connected for so long. Default: 5 min. */
  readonly notConnected?: number;
  /**
   * A stream is silent, which is a warning, if nothing comes for so long, for more than half of its
   * `idleTimeout`, and for more than twenty times its usual gap. Default: 30 s.
   */
  readonly silent?: number;
  /**
   * A mailbox with so many messages is flooded, if it has grown for a minute: 1,000 at least.
   * Default: 10,000.
   */
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

/** What a look has, where it has not everything. */
const leasts: JudgeOptions = { stuck: 1000, flooded: 1000 };
const mosts: JudgeOptions = { crashLoop: 100 };

/** The options, complete and checked. */
export function judgeLimits(options: JudgeOptions): Required<JudgeOptions> {
  assertKnownKeys('judge', options, keys);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const limits = { ...defaults, ...Object.fromEntries(given) };
  for (const [name, value] of Object.entries(limits) as [keyof JudgeOptions, unknown][]) {
    assertLimit(name, value);
  }
  return limits;
}

function assertLimit(name: keyof JudgeOptions, value: unknown): void {
  const { [name]: least } = leasts;
  const { [name]: most } = mosts;
  const isNumber = typeof value === 'number' && value > 0;
  const isKnown =
    isNumber && value >= (least ?? 0) && (value <= (most ?? value) || value === Infinity);
  if (!isKnown) {
    const from = least === undefined ? 'above 0' : `from ${least} on`;
    const to = most === undefined ? '' : ` up to ${most}, or Infinity`;
    throw new RangeError(`Expected ${name} to be a number ${from}${to}, got ${describe(value)}`);
  }
}
