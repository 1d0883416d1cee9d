import { addCrash, type CrashCounts, countsOfFirst, type OpenCounts } from './crash-counts.ts';
import { masked } from './masked.ts';

/** A crash as it is kept: text alone. */
export interface CrashReport {
  /** On the system's clock, in ms. */
  readonly at: number;
  /** The process, such as `#Pid<7>`; that of the supervisor if a child could not be started. */
  readonly process: string;
  /** Whether the process ended before it had started: in its `init`. */
  readonly isInInit: boolean;
  readonly reason: string;
  readonly stack: string | undefined;
  /** The message that a server handled, and its state, as JSON: bounded, and without secrets. */
  readonly message: string | undefined;
  readonly state: string | undefined;
  /** The processes that ended because of it, each with its reason; 20 at most. */
  readonly takenAlong: readonly string[];
}

/**
 * - `exit`: a process has ended abnormally.
 * - `start`: a child could not be started.
 * - `gaveUp`: a supervisor has given up.
 */
export type CrashKind = 'exit' | 'start' | 'gaveUp';

/** Crashes of one process of the tree, for one reason. */
export interface CrashGroup {
  /** The ids from the top down; of a process that is no child, its own name at the end. */
  readonly path: string;
  readonly kind: CrashKind;
  /** The reason, where numbers and the like, which differ from crash to crash, are `#`. */
  readonly reason: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** When they were, roughly. */
  readonly recent: CrashCounts;
  readonly first: CrashReport;
  /** The newest report: at most one in a second is made. */
  readonly last: CrashReport;
}

/** A crash that has happened. Its report is made only if it is kept. */
export interface Crash {
  readonly path: string;
  readonly kind: CrashKind;
  readonly reason: string;
  readonly at: number;
  readonly report: () => OpenReport;
}

/** A report to which processes are added that ended because of the crash. */
export interface OpenReport extends CrashReport {
  readonly takenAlong: string[];
}

interface Group extends CrashGroup {
  count: number;
  lastAt: number;
  readonly recent: OpenCounts;
  last: OpenReport;
}

const mostGroups = 200;
/** In ms. */
const reportPause = 1000;
const mostTakenAlong = 20;

/**
 * The crashes of a system, in groups: apart from the lives, so that no storm of these pushes them
 * out. 200 groups are kept: of the process with the most, the one seen longest ago is forgotten.
 */
export class CrashBook {
  /** The group seen last is the last. */
  readonly #groups: Map<string, Group> = new Map();
  #count = 0;
  #groupCount = 0;

  /** All crashes since the start, also those that are not kept. */
  get count(): number {
    return this.#count;
  }

  /** How many groups there have been. One that was forgotten and comes again counts again. */
  get groupCount(): number {
    return this.#groupCount;
  }

  /** The newest first. */
  get groups(): readonly CrashGroup[] {
    return [...this.#groups.values()].toReversed().map((group) => structuredClone(group));
  }

  /**
   * Returns the report of this crash, if one is made: others are to be added to it, if they end
   * because of this crash.
   */
  add(crash: Crash): OpenReport | undefined {
    this.#count += 1;
    const key = JSON.stringify([crash.path, crash.kind, masked(crash.reason)]);
    const known = this.#groups.get(key);
    const before = known?.last;
    const group = known === undefined ? this.#create(crash) : counted(known, crash);
    this.#groups.delete(key);
    this.#groups.set(key, group);
    if (this.#groups.size > mostGroups) {
      this.#groups.delete(keyToForget(this.#groups));
    }
    // Of the crashes within a second, the first has a report.
    return group.last === before ? undefined : group.last;
  }

  #create(crash: Crash): Group {
    this.#groupCount += 1;
    const { path, kind, reason, at } = crash;
    const report = crash.report();
    return {
      path,
      kind,
      reason: masked(reason),
      count: 1,
      firstAt: at,
      lastAt: at,
      recent: countsOfFirst(at),
      first: report,
      last: report,
    };
  }
}

/**
 * Of the process that has the most groups, the group that was seen longest ago: one whose reasons
 * all differ pushes out none of another.
 */
function keyToForget(groups: ReadonlyMap<string, Group>): string {
  const byPath = new Map<string, string[]>();
  for (const [key, { path }] of groups) {
    const keys = byPath.get(path) ?? [];
    byPath.set(path, keys);
    keys.push(key);
  }
  let most: readonly string[] = [];
  for (const keys of byPath.values()) {
    most = keys.length > most.length ? keys : most;
  }
  return most[0] ?? '';
}

function counted(group: Group, crash: Crash): Group {
  group.count += 1;
  group.lastAt = crash.at;
  addCrash(group.recent, crash.at);
  if (crash.at - group.last.at >= reportPause) {
    group.last = crash.report();
  }
  return group;
}

/** Adds a process that ended because of a crash, if that has a report. */
export function addTakenAlong(report: OpenReport | undefined, line: () => string): void {
  if (report !== undefined && report.takenAlong.length < mostTakenAlong) {
    report.takenAlong.push(line().slice(0, 200));
  }
}
