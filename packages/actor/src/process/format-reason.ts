import { describe } from '../describe.ts';
import { listed } from '../shown/clip.ts';
import { isError, textOfError } from '../shown/reading.ts';
import { defaultRedaction } from '../shown/redaction.ts';
import { type ExitReason, isExitReason } from './exit-reason.ts';
import { extrasOf } from './extras.ts';
import { labelSuffix } from './label.ts';

/**
 * The reason in one line, for a person.
 * @example
 * ```ts
 * import { formatReason, killed, noproc } from '@reprise/actor';
 *
 * console.log(formatReason(killed)); // killed
 * console.log(formatReason(noproc)); // no such process
 * ```
 */
export function formatReason(reason: ExitReason): string {
  return formatAt(reason, 0);
}

/** A reason can have another one as its detail. `depth`: how many reasons it is within. */
function formatAt(reason: ExitReason, depth: number): string {
  // JavaScript can pass any object.
  if (!isExitReason(reason) || depth >= deepest) {
    return describe(reason);
  }
  const format = formatters[reason.type] as (reason: ExitReason, depth: number) => string;
  return format(reason, depth);
}

const deepest = 5;

type Formatters = {
  readonly [Type in ExitReason['type']]: (
    reason: Extract<ExitReason, { readonly type: Type }>,
    depth: number,
  ) => string;
};

const formatters: Formatters = {
  normal: typeOf,
  shutdown: ({ detail }, depth) =>
    detail === undefined ? 'shutdown' : `shutdown: ${formatDetail(detail, depth)}`,
  kill: typeOf,
  killed: typeOf,
  noproc: () => 'no such process',
  noconnection: typeOf,
  timeout: typeOf,
  crash: ({ error }, depth) => formatError(error, depth),
  nocatch: ({ value }) => `thrown and not caught: ${describe(value)}`,
  badReturnValue: ({ value }) =>
    `Expected a callback's answer such as noreply(state), got ${describe(value)}`,
  functionClause: ({ callback, request }) => `${callback} has no clause for ${describe(request)}`,
  undef: ({ callback }) => `the behaviour has no ${callback}`,
  callingSelf: () => 'a process called itself and would wait for ever',
  callCycle: ({ processes }) =>
    `processes wait for each other: ${listed(processes, (name) => name).join(' → ')}`,
  callbackFailed: ({ callback, error }, depth) =>
    `${callback} failed: ${formatError(error, depth)}`,
  mailboxOverflow: ({ capacity }) => `the mailbox is full, at ${capacity} messages`,
  alreadyStarted: ({ pid }) =>
    `already started as ${String(pid)}${labelSuffix(extrasOf({ pid }) ?? {})}`,
  alreadyPresent: () => 'there is a child of that id, which does not run',
  notFound: () => 'no such child',
  running: () => 'the child is running',
  restarting: () => 'the child is being restarted',
  notStarted: ({ application }) => `application ${application} is not started`,
  maxChildren: () => 'the supervisor has as many children as it may have',
  failedToStartChild: formatFailedStart,
};

function typeOf({ type }: ExitReason): string {
  return type;
}

/** The children one after the other: each failed to start because of the next. */
function formatFailedStart(reason: ExitReason, depth: number): string {
  const { children, more, why } = failedStart(reason);
  const path = children.map((id) => `child ${describe(id)} failed to start: `).join('');
  return `${path}${more === 0 ? '' : `… ${more} more: `}${formatAt(why, depth + 1)}`;
}

/** The ids of so many children are shown; so many children are followed to the first failure. */
const mostShown = 10;
const mostLevels = 1000;

/** Why a supervisor did not start. */
interface FailedStart {
  /** The path of children from the top, each of which failed because of the next. */
  readonly children: readonly string[];
  /** How many more there are. */
  readonly more: number;
  /** Why the last of them failed. */
  readonly why: ExitReason;
}

export function failedStart(reason: ExitReason): FailedStart {
  const children: string[] = [];
  let why = reason;
  let level = 0;
  for (let failed = failedChild(why); failed !== undefined; failed = failedChild(why)) {
    if (level < mostShown) {
      children.push(defaultRedaction.clip(failed.id, 100));
    }
    level += 1;
    why = level < mostLevels ? failed.reason : deeper;
  }
  return { children, more: level - children.length, why };
}

/** In place of the reason of a start that failed deeper than that. */
const deeper: ExitReason = { type: 'crash', error: 'a child further down' };

/** A supervisor that fails to start ends with `shutdown`, and the reason in its detail. */
function failedChild(
  reason: ExitReason,
): Extract<ExitReason, { readonly type: 'failedToStartChild' }> | undefined {
  const inner = reason.type === 'shutdown' ? reason.detail : reason;
  return isExitReason(inner) && inner.type === 'failedToStartChild' ? inner : undefined;
}

function formatError(error: unknown, depth: number): string {
  return isError(error) ? lineOf(error) : formatDetail(error, depth);
}

/** In characters. */
const longestMessage = 500;

/** Its name and message on one line, without secrets. */
function lineOf(error: Error): string {
  const text = defaultRedaction.clip(textOfError(error), longestMessage);
  // Most texts are one line: the test is cheaper than the replacement.
  return /[^\S ]| {2}/.test(text) ? text.replaceAll(/\s+/g, ' ') : text;
}

function formatDetail(detail: unknown, depth: number): string {
  return isExitReason(detail) ? formatAt(detail, depth + 1) : describe(detail);
}
