import { describe } from '../describe.ts';
import { type Pid } from './pid.ts';

/**
 * Why a process ended, or is told to end. `normal` and `shutdown` are expected; everything else is
 * abnormal.
 * @see Erlang reference manual, "Processes", section "Error handling"
 */
export type ExitReason =
  | { readonly type: 'normal' }
  | { readonly type: 'shutdown'; readonly detail?: unknown }
  /** An order that cannot be trapped; the process ends as `killed`. */
  | { readonly type: 'kill' }
  | { readonly type: 'killed' }
  | { readonly type: 'noproc' }
  | { readonly type: 'noconnection' }
  | { readonly type: 'timeout' }
  /** An `Error` nobody caught, or any reason of the user's own. */
  | { readonly type: 'crash'; readonly error: unknown }
  /** A value that is no `Error` was thrown and not caught. */
  | { readonly type: 'nocatch'; readonly value: unknown }
  /** A callback answered something that is none of its answers. */
  | { readonly type: 'badReturnValue'; readonly value: unknown }
  /** A server was sent a request that it has no clause for. */
  | { readonly type: 'functionClause'; readonly callback: string; readonly request: string }
  /** A server has no such callback. */
  | { readonly type: 'undef'; readonly callback: string }
  | { readonly type: 'callingSelf' }
  /** A call that could never be answered: each of these processes waits for the next. */
  | { readonly type: 'callCycle'; readonly processes: readonly string[] }
  /** A function that was handed to `sys` threw; the server goes on as if it had not been asked. */
  | { readonly type: 'callbackFailed'; readonly callback: string; readonly error: unknown }
  /** The mailbox of the server, or of the process itself, was full. */
  | { readonly type: 'mailboxOverflow'; readonly capacity: number }
  | { readonly type: 'alreadyStarted'; readonly pid: Pid }
  /** A supervisor has a child of that id, which does not run. */
  | { readonly type: 'alreadyPresent' }
  /** A supervisor has no child of that id. */
  | { readonly type: 'notFound' }
  /** The child runs. */
  | { readonly type: 'running' }
  /** The child is being restarted. */
  | { readonly type: 'restarting' }
  /** An application does not run. */
  | { readonly type: 'notStarted'; readonly application: string }
  /** A supervisor has as many children as it may have. */
  | { readonly type: 'maxChildren' }
  | { readonly type: 'failedToStartChild'; readonly id: string; readonly reason: ExitReason };

export const normal: ExitReason = { type: 'normal' };
export const shutdown: ExitReason = { type: 'shutdown' };
export const kill: ExitReason = { type: 'kill' };
export const killed: ExitReason = { type: 'killed' };
export const noproc: ExitReason = { type: 'noproc' };
export const noconnection: ExitReason = { type: 'noconnection' };
export const timeout: ExitReason = { type: 'timeout' };
export const callingSelf: ExitReason = { type: 'callingSelf' };
export const alreadyPresent: ExitReason = { type: 'alreadyPresent' };
export const notFound: ExitReason = { type: 'notFound' };
export const running: ExitReason = { type: 'running' };
export const restarting: ExitReason = { type: 'restarting' };
export const maxChildren: ExitReason = { type: 'maxChildren' };

/**
 * An expected end that says more: OTP's `{shutdown, Detail}`.
 * @example
 * ```ts
 * import { formatReason, isAbnormal, shutdownWith } from '@reprise/actor';
 *
 * const reason = shutdownWith('redeployed');
 * console.log(formatReason(reason), isAbnormal(reason)); // shutdown: "redeployed" (string) false
 * ```
 */
export function shutdownWith(detail: unknown): ExitReason {
  return { type: 'shutdown', detail };
}

/**
 * An abnormal end: `error` is what was thrown, or whatever tells the reader why.
 * @example
 * ```ts
 * import { crash, formatReason, isAbnormal } from '@reprise/actor';
 *
 * const reason = crash(new Error('out of paper'));
 * console.log(formatReason(reason), isAbnormal(reason)); // Error: out of paper true
 * ```
 */
export function crash(error: unknown): ExitReason {
  return { type: 'crash', error };
}

export function nocatch(value: unknown): ExitReason {
  return { type: 'nocatch', value };
}

export function badReturnValue(value: unknown): ExitReason {
  return { type: 'badReturnValue', value };
}

export function functionClause(callback: string, request: string): ExitReason {
  return { type: 'functionClause', callback, request };
}

export function undef(callback: string): ExitReason {
  return { type: 'undef', callback };
}

export function alreadyStarted(pid: Pid): ExitReason {
  return { type: 'alreadyStarted', pid };
}

export function callCycle(processes: readonly string[]): ExitReason {
  return { type: 'callCycle', processes };
}

export function callbackFailed(callback: string, error: unknown): ExitReason {
  return { type: 'callbackFailed', callback, error };
}

export function mailboxOverflow(capacity: number): ExitReason {
  return { type: 'mailboxOverflow', capacity };
}

export function notStarted(application: string): ExitReason {
  return { type: 'notStarted', application };
}

export function failedToStartChild(id: string, reason: ExitReason): ExitReason {
  return { type: 'failedToStartChild', id, reason };
}

/**
 * True unless a process may end so without anyone having done wrong: neither `normal` nor
 * `shutdown`.
 * @example
 * ```ts
 * import { isAbnormal, killed, normal, shutdown } from '@reprise/actor';
 *
 * console.log([normal, shutdown, killed].map(isAbnormal)); // [ false, false, true ]
 * ```
 */
export function isAbnormal(reason: ExitReason): boolean {
  return reason.type !== 'normal' && reason.type !== 'shutdown';
}

/** The error that ended a process, under the name that loggers look for. */
export function errorIn(reason: ExitReason): { readonly err?: Error } {
  return reason.type === 'crash' && reason.error instanceof Error ? { err: reason.error } : {};
}

const types: ReadonlySet<unknown> = new Set<ExitReason['type']>([
  'normal',
  'shutdown',
  'kill',
  'killed',
  'noproc',
  'noconnection',
  'timeout',
  'crash',
  'nocatch',
  'badReturnValue',
  'functionClause',
  'undef',
  'callingSelf',
  'callCycle',
  'callbackFailed',
  'mailboxOverflow',
  'alreadyStarted',
  'alreadyPresent',
  'notFound',
  'running',
  'restarting',
  'notStarted',
  'maxChildren',
  'failedToStartChild',
]);

export function isExitReason(value: unknown): value is ExitReason {
  return typeof value === 'object' && value !== null && 'type' in value && types.has(value.type);
}

/** Throws a `TypeError` unless given an exit reason. */
export function assertExitReason(value: unknown): asserts value is ExitReason {
  if (!isExitReason(value)) {
    throw new TypeError(
      `Expected an exit reason such as normal, shutdown or crash(error), got ${describe(value)}`,
    );
  }
}
