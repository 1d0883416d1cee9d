import type { ClientReport } from './client-report.ts';
import type { Received } from './stage.ts';

/**
 * The observation of one contender at one fault, by the server and by the client's program. All
 * times in ms since 1970.
 */
export interface Observation {
  readonly from: number;
  readonly to: number;
  readonly requests: readonly Received[];
  /** TCP connections begun, whether or not a server was there. */
  readonly attempts: readonly number[];
  /** In bytes, with everything loaded. */
  readonly startRss: number;
  readonly last: ClientReport | undefined;
  readonly lastSeenAt: number;
  /** `undefined` while it lives. */
  readonly exit: Exit | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of its stderr. */
  readonly words: string;
}

/** The state at the end, in a word. */
export function lifeOf(seen: Observation): string {
  const { exit, last, requests } = seen;
  if (exit !== undefined) {
    return exit.signal === null ? `exits with code ${exit.code}` : `ended by ${exit.signal}`;
  }
  if (seen.to - seen.lastSeenAt > 1000) {
    return 'hangs';
  }
  if (last?.state === 'closed') {
    return 'dead';
  }
  if (requests.some(({ closedAt }) => closedAt === undefined)) {
    return 'connected';
  }
  return triesOf(seen).length > 1 ? 'retries' : 'waits';
}

/**
 * When it tried to connect: requests, or connections begun where no server was there to receive
 * them.
 */
export function triesOf({ requests, attempts }: Observation): readonly number[] {
  return requests.length > 0 ? requests.map(({ at }) => at) : attempts;
}

/** In ms, from the end of one try to the start of the next. */
export function delaysOf(seen: Observation): readonly number[] {
  const ends = seen.requests.map(({ at, closedAt = at }) => closedAt);
  return triesOf(seen)
    .map((at, index, tries) => at - (ends[index - 1] ?? tries[index - 1] ?? at))
    .slice(1);
}

/** Whether the user of the contender learns the reason of the failure. */
export function reasonOf({ last, exit }: Observation): readonly string[] {
  const hasReason = last?.lastReason !== undefined || (exit !== undefined && exit.code !== 0);
  return hasReason ? [] : ['gives no reason'];
}
