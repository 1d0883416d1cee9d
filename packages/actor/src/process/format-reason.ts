import { describe } from '../describe.ts';
import { type ExitReason, isExitReason } from './exit-reason.ts';

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
  const format = formatters[reason.type] as ((reason: ExitReason) => string) | undefined;
  // JavaScript can pass any object.
  return format === undefined ? describe(reason) : format(reason);
}

type Formatters = {
  readonly [Type in ExitReason['type']]: (
    reason: Extract<ExitReason, { readonly type: Type }>,
  ) => string;
};

const formatters: Formatters = {
  normal: typeOf,
  shutdown: ({ detail }) =>
    detail === undefined ? 'shutdown' : `shutdown: ${formatDetail(detail)}`,
  kill: typeOf,
  killed: typeOf,
  noproc: () => 'no such process',
  noconnection: typeOf,
  timeout: typeOf,
  crash: ({ error }) => formatError(error),
  nocatch: ({ value }) => `thrown and not caught: ${describe(value)}`,
  badReturnValue: ({ value }) =>
    `Expected a callback's answer such as noreply(state), got ${describe(value)}`,
  functionClause: ({ callback, request }) => `${callback} has no clause for ${describe(request)}`,
  undef: ({ callback }) => `the behaviour has no ${callback}`,
  callingSelf: () => 'a process called itself and would wait for ever',
  callCycle: ({ processes }) => `processes wait for each other: ${processes.join(' → ')}`,
  callbackFailed: ({ callback, error }) => `${callback} failed: ${formatError(error)}`,
  mailboxOverflow: ({ capacity }) => `the mailbox is full, at ${capacity} messages`,
  alreadyStarted: ({ pid }) => `already started as ${String(pid)}`,
  alreadyPresent: () => 'there is a child of that id, which does not run',
  notFound: () => 'no such child',
  running: () => 'the child is running',
  restarting: () => 'the child is being restarted',
  notStarted: ({ application }) => `application ${application} is not started`,
  maxChildren: () => 'the supervisor has as many children as it may have',
  failedToStartChild: ({ id, reason }) =>
    `child ${describe(id)} failed to start: ${formatReason(reason)}`,
};

function typeOf({ type }: ExitReason): string {
  return type;
}

function formatError(error: unknown): string {
  return error instanceof Error ? textOfError(error) : formatDetail(error);
}

/** On one line. The error may be an object of any kind: its `toString` may throw. */
function textOfError(error: Error): string {
  try {
    const text = String(error);
    // Most texts are one line: the test is cheaper than the replacement.
    return /[^\S ]| {2}/.test(text) ? text.replaceAll(/\s+/g, ' ') : text;
  } catch {
    return describe(error);
  }
}

function formatDetail(detail: unknown): string {
  return isExitReason(detail) ? formatReason(detail) : describe(detail);
}
