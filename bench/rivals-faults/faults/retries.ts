import { type Fault, peakRss, rates } from '../fault.ts';
import { delaysOf, lifeOf, reasonOf } from '../observation.ts';
import type { Backoff } from '../order.ts';
import { type Exchange, stream } from '../stage.ts';

const briefOnes = 6;
const backoff: Backoff = { first: 100, longest: 5000, healthyAfter: 1000 };

/**
 * The delay before a client comes back: does it follow the server's instructions, and does it back
 * off by itself?
 */
export const retries: readonly Fault[] = [
  retry('retry: 0', 0),
  retry('retry: 9999999999', 9_999_999_999),
  {
    name: 'closed port',
    title: 'closed port, as it comes',
    windows: 3,
    hasTwin: true,
    prepare: (stage) => stage.leave(),
    play: () => () => {},
    outcome: (seen, twin) => {
      const delays = delaysOf(seen);
      return delays.length === 0
        ? [lifeOf(seen), ...reasonOf(seen)]
        : [
            growth([delays, delaysOf(twin)]),
            jitter(delays, delaysOf(twin)),
            seconds(delays.slice(0, 4)),
            ...reasonOf(seen),
          ];
    },
    figures: rates,
  },
  {
    name: 'come and go',
    title: `${briefOnes} brief connections, then one that lasts`,
    windows: 2,
    order: () => ({ backoff }),
    play: () => comeAndGo,
    outcome: (seen) => {
      const delays = delaysOf(seen);
      return delays.length < 2 ? [lifeOf(seen), ...reasonOf(seen)] : renewal(delays);
    },
    figures: [],
  },
];

function retry(name: string, value: number): Fault {
  return {
    name,
    title: `${name}, closed at once`,
    isAlone: true,
    play: () => (exchange) => {
      stream(exchange, `retry: ${value}\ndata: x\n\n`);
      exchange.response.end();
    },
    outcome: (seen) => [lifeOf(seen)],
    figures: [...rates, peakRss],
  };
}

/**
 * The server sends a short `retry` for contenders without options for backoff: only once, since
 * some restart their backoff at each `retry`.
 */
function comeAndGo(exchange: Exchange): void {
  const { response, received, stage } = exchange;
  stream(exchange, received.index === 0 ? `retry: ${backoff.first}\ndata: x\n\n` : 'data: x\n\n');
  if (received.index < briefOnes) {
    response.end();
  } else if (received.index === briefOnes) {
    stage.later(backoff.healthyAfter * 1.5, () => response.end());
  }
}

/**
 * The ratio from which two delays count as different: a busy machine stretches a delay by less.
 */
const difference = 1.5;

function growth(clients: readonly (readonly number[])[]): string {
  const first = mean(clients.map((delays) => delays[0] ?? 0));
  const last = mean(clients.map((delays) => delays.at(-1) ?? 0));
  return last >= first * difference ? 'backs off' : 'does not back off';
}

/**
 * Do two clients that were cut off together come back together? Differences that a busy machine
 * causes are not jitter.
 */
function jitter(delays: readonly number[], others: readonly number[]): string {
  const isSpread = delays.some(
    (delay, at) => Math.abs(delay - (others[at] ?? delay)) > delay / 10 + 150,
  );
  return isSpread ? 'jitter' : 'no jitter';
}

function renewal(delays: readonly number[]): readonly string[] {
  const [first = 0] = delays;
  const longest = Math.max(...delays.slice(1, briefOnes));
  const renewed = delays[briefOnes];
  const range = `${seconds([first])} … ${seconds([longest])}`;
  if (longest < first * difference) {
    return ['does not back off', range];
  }
  const isAnew = renewed !== undefined && renewed < longest / difference;
  return ['backs off', range, isAnew ? `anew: ${seconds([renewed])}` : 'never anew'];
}

const twoDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

function seconds(delays: readonly number[]): string {
  return `${delays.map((ms) => twoDigits.format(ms / 1000)).join(' ')} s`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
