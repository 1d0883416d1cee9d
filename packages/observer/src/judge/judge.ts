import { describe } from '@reprise/actor/text';

import type { Look } from '../look/looker.ts';
import type { Finding } from './finding.ts';
import { type JudgeOptions, judgeLimits } from './limits.ts';
import { judgeMailboxes } from './mailboxes.ts';
import { judgeProcesses } from './processes.ts';
import { judgeStreams } from './streams.ts';

/** Whether a system is well, and why not. */
export interface Judgement {
  /** Nothing needs a person, and the system runs. There may be warnings. */
  readonly isWell: boolean;
  /** Such as `All is well.`, `One process needs you.` or `At least 100 processes need you.` */
  readonly text: string;
  /** Those that need a person first, then by path. */
  readonly findings: readonly Finding[];
}

/**
 * Judges a look: is the system well? By progress, not by life: a process that runs and gets nowhere
 * is a finding. The same look gives the same findings.
 * @throws TypeError for anything but a look, and for an unknown option; RangeError for a limit that
 *   is not above 0, or beyond what a look has
 * @example
 * ```ts
 * import { GenServer, noreply, ok } from '@reprise/actor';
 * import { advance, createTestSystem } from '@reprise/actor/testing';
 * import { judge, look } from '@reprise/observer';
 *
 * const printer = GenServer.define({
 *   init: () => ok(0),
 *   handleCast: { print: (_page: string, state) => new Promise<never>(() => state) },
 * });
 * const system = createTestSystem();
 * console.log(judge(look(system)).text); // All is well.
 * const pid = await GenServer.start(system, printer, undefined, { name: 'printer' });
 * GenServer.cast(pid, 'print', 'page 1');
 * GenServer.cast(pid, 'print', 'page 2');
 * await advance(system, 61_000);
 * const { text, findings } = judge(look(system));
 * console.log(text, findings[0]?.title); // One process needs you. printer is stuck for 1 min 1 s
 * await system.stop();
 * ```
 */
export function judge(look: Look, options: JudgeOptions = {}): Judgement {
  assertLook(look);
  const limits = judgeLimits(options);
  const findings = [
    ...judgeProcesses(look, limits),
    ...judgeStreams(look, limits),
    ...judgeMailboxes(look, limits),
  ].toSorted(byUrgency);
  const ill = new Set(findings.filter(isCritical).map(({ path }) => path)).size;
  return { isWell: look.isRunning && ill === 0, text: sentence(ill, look), findings };
}

const lists = [
  'restarts',
  'lost',
  'awaiting',
  'mailboxes',
  'streams',
  'ignored',
  'dropped',
  'slow',
] as const satisfies readonly (keyof Look)[];

function assertLook(given: unknown): void {
  const look = Object(given) as Partial<Record<keyof Look, unknown>>;
  if (typeof look.at !== 'number' || !lists.every((name) => Array.isArray(look[name]))) {
    throw new TypeError(`Expected a look, which look(system) returns, got ${describe(given)}`);
  }
}

/** A list of a look that is cut holds as many at least: with fewer findings, none is missing. */
const fewest = 100;

function sentence(ill: number, { isRunning, hasMore }: Look): string {
  if (!isRunning) {
    return 'The system has ended.';
  }
  if (ill === 0) {
    return 'All is well.';
  }
  if (hasMore && ill >= fewest) {
    return `At least ${ill} processes need you.`;
  }
  return ill === 1 ? 'One process needs you.' : `${ill} processes need you.`;
}

function byUrgency(a: Finding, b: Finding): number {
  return Number(isCritical(b)) - Number(isCritical(a)) || (a.path < b.path ? -1 : 1);
}

function isCritical({ level }: Finding): boolean {
  return level === 'critical';
}
