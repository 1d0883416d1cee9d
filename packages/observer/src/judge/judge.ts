import type { Look } from '../look/looker.ts';
import type { Finding } from './finding.ts';
import { type JudgeOptions, judgeLimits } from './limits.ts';
import { judgeMailboxes } from './mailboxes.ts';
import { judgeProcesses } from './processes.ts';
import { judgeStreams } from './streams.ts';

/** Whether a system is well, and why not. */
export interface Judgement {
  /** Nothing needs a person. There may be warnings. */
  readonly isWell: boolean;
  /** Such as `All is well.`, `One process needs you.` or `At least 100 processes need you.` */
  readonly text: string;
  /** Those that need a person first, then by path. */
  readonly findings: readonly Finding[];
}

/**
 * Judges a look: is the system well? By progress, not by life: a process that runs and gets nowhere
 * is a finding. The same look gives the same findings.
 * @throws TypeError for an unknown option; RangeError for one that is not above 0
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
  const limits = judgeLimits(options);
  const findings = [
    ...judgeProcesses(look, limits),
    ...judgeStreams(look, limits),
    ...judgeMailboxes(look, limits),
  ].toSorted(byUrgency);
  const ill = new Set(findings.filter(isCritical).map(({ path }) => path)).size;
  return { isWell: ill === 0, text: sentence(ill, look), findings };
}

function sentence(ill: number, { hasMore }: Look): string {
  if (ill === 0) {
    return 'All is well.';
  }
  if (hasMore) {
    return `At least ${ill === 1 ? 'one process needs' : `${ill} processes need`} you.`;
  }
  return ill === 1 ? 'One process needs you.' : `${ill} processes need you.`;
}

function byUrgency(a: Finding, b: Finding): number {
  return Number(isCritical(b)) - Number(isCritical(a)) || (a.path < b.path ? -1 : 1);
}

function isCritical({ level }: Finding): boolean {
  return level === 'critical';
}
