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
  switch (reason.type) {
    case 'shutdown':
      return reason.detail === undefined ? 'shutdown' : `shutdown: ${formatDetail(reason.detail)}`;
    case 'crash':
      return formatError(reason.error);
    case 'callbackFailed':
      return `${reason.callback} failed: ${formatError(reason.error)}`;
    case 'nocatch':
      return `thrown and not caught: ${describe(reason.value)}`;
    case 'badReturnValue':
      return `Expected a callback's answer such as noreply(state), got ${describe(reason.value)}`;
    case 'functionClause':
      return `${reason.callback} has no clause for ${describe(reason.request)}`;
    case 'undef':
      return `the behaviour has no ${reason.callback}`;
    case 'alreadyStarted':
      return `already started as ${String(reason.pid)}`;
    case 'failedToStartChild':
      return `child ${describe(reason.id)} failed to start: ${formatReason(reason.reason)}`;
    case 'alreadyPresent':
      return 'there is a child of that id, which does not run';
    case 'notFound':
      return 'no such child';
    case 'running':
      return 'the child is running';
    case 'restarting':
      return 'the child is being restarted';
    case 'notStarted':
      return `application ${reason.application} is not started`;
    case 'maxChildren':
      return 'the supervisor has as many children as it may have';
    case 'noproc':
      return 'no such process';
    case 'callingSelf':
      return 'a process called itself and would wait for ever';
    case 'callCycle':
      return `processes wait for each other: ${reason.processes.join(' → ')}`;
    case 'mailboxOverflow':
      return `the mailbox is full, at ${reason.capacity} messages`;
    case 'normal':
    case 'kill':
    case 'killed':
    case 'noconnection':
    case 'timeout':
      return reason.type;
    default:
      return describe(reason satisfies never);
  }
}

function formatError(error: unknown): string {
  return error instanceof Error ? textOfError(error) : formatDetail(error);
}

/** On one line, and without a way to throw: an error is somebody else's object. */
function textOfError(error: Error): string {
  try {
    const text = String(error);
    // Most are one line as they are.
    return /[^\S ]| {2}/.test(text) ? text.replaceAll(/\s+/g, ' ') : text;
  } catch {
    return describe(error);
  }
}

function formatDetail(detail: unknown): string {
  return isExitReason(detail) ? formatReason(detail) : describe(detail);
}
