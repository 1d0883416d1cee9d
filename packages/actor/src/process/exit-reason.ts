import { describe } from '../describe.ts';
import { fieldOf, hasProxy, isError } from '../shown/reading.ts';
import { type Pid } from './pid.ts';

/**
 * Why a process ended, or is asked to end. `normal` and `shutdown` are expected ends; all others
 * are abnormal.
 * @see Erlang reference manual, "Processes", section "Error handling"
 */
export type ExitReason =
  | { readonly type: 'normal' }
  | { readonly type: 'shutdown'; readonly detail?: unknown }
  /** An exit signal that cannot be trapped: the process ends with `killed`. */
  | { readonly type: 'kill' }
  | { readonly type: 'killed' }
  /** There is no such process (any more). */
  | { readonly type: 'noproc' }
  /** The process is on a node that cannot be reached: for packages that connect systems. */
  | { readonly type: 'noconnection' }
  | { readonly type: 'timeout' }
  /** An `Error` that was not caught, or any reason of the user's own. */
  | { readonly type: 'crash'; readonly error: unknown }
  /** A value that is not an `Error` was thrown and not caught. */
  | { readonly type: 'nocatch'; readonly value: unknown }
  /** A callback returned a value that is none of its answers. */
  | { readonly type: 'badReturnValue'; readonly value: unknown }
  /** A server has no clause for a request that it was sent. */
  | { readonly type: 'functionClause'; readonly callback: string; readonly request: string }
  /** A server has no such callback. */
  | { readonly type: 'undef'; readonly callback: string }
  /** A process called itself, and would wait for itself. */
  | { readonly type: 'callingSelf' }
  /** A call that could never be answered: each of these processes waits for the next. */
  | { readonly type: 'callCycle'; readonly processes: readonly string[] }
  /** A function that was passed to `sys` threw; the server goes on, unchanged. */
  | { readonly type: 'callbackFailed'; readonly callback: string; readonly error: unknown }
  /** The mailbox of the server that was called, or of the process itself, was full. */
  | { readonly type: 'mailboxOverflow'; readonly capacity: number }
  /** The name is taken, by this process. */
  | { readonly type: 'alreadyStarted'; readonly pid: Pid }
  /** The supervisor has a child with this id, which is not running. */
  | { readonly type: 'alreadyPresent' }
  /** The supervisor has no child with this id. */
  | { readonly type: 'notFound' }
  /** The child is running. */
  | { readonly type: 'running' }
  /** The child is being restarted. */
  | { readonly type: 'restarting' }
  /** The application is not running. */
  | { readonly type: 'notStarted'; readonly application: string }
  /** The supervisor has reached its `maxChildren`. */
  | { readonly type: 'maxChildren' }
  | { readonly type: 'failedToStartChild'; readonly id: string; readonly reason: ExitReason };

/** The expected end of a process that has done its work. */
export const normal: ExitReason = { type: 'normal' };
/** The expected end of a process that was asked to end. */
export const shutdown: ExitReason = { type: 'shutdown' };
/** Sent by `exit`, it ends a process that traps exits, too; the process ends with `killed`. */
export const kill: ExitReason = { type: 'kill' };
/** The end of a process that was killed. */
export const killed: ExitReason = { type: 'killed' };
/** There is no such process (any more). */
export const noproc: ExitReason = { type: 'noproc' };
/** The node of the process cannot be reached: for packages that connect systems. */
export const noconnection: ExitReason = { type: 'noconnection' };
/** A start, or the task of a stream, took too long. */
export const timeout: ExitReason = { type: 'timeout' };
/** A process called itself, and would wait for itself. */
export const callingSelf: ExitReason = { type: 'callingSelf' };
export const alreadyPresent: ExitReason = { type: 'alreadyPresent' };
export const notFound: ExitReason = { type: 'notFound' };
export const running: ExitReason = { type: 'running' };
export const restarting: ExitReason = { type: 'restarting' };
export const maxChildren: ExitReason = { type: 'maxChildren' };

/**
 * `shutdown` with a detail: OTP's `{shutdown, Detail}`, an expected end.
 * @example
 * ```ts
 * import { formatReason, isAbnormal, shutdownWith } from '@reprise/actor';
 *
 * const reason = shutdownWith('redeployed');
 * console.log(formatReason(reason), isAbnormal(reason)); // shutdown: "redeployed" false
 * ```
 */
export function shutdownWith(detail: unknown): ExitReason {
  return { type: 'shutdown', detail };
}

/**
 * An abnormal end. `error`: the value that was thrown, or any value that explains the end.
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

export function callCycle(
  processes: readonly string[],
): Extract<ExitReason, { readonly type: 'callCycle' }> {
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
 * Whether the end is a failure: neither `normal` nor `shutdown`, with or without a detail.
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

/** The error that ended a process, under `err`, where loggers such as pino look for it. */
export function errorIn(reason: ExitReason): { readonly err?: Error } {
  return reason.type === 'crash' && isError(reason.error) ? { err: reason.error } : {};
}

/** A record, and not a list: it compiles only with every type of the union in it. */
const types: Readonly<Record<ExitReason['type'], true>> = {
  normal: true,
  shutdown: true,
  kill: true,
  killed: true,
  noproc: true,
  noconnection: true,
  timeout: true,
  crash: true,
  nocatch: true,
  badReturnValue: true,
  functionClause: true,
  undef: true,
  callingSelf: true,
  callCycle: true,
  callbackFailed: true,
  mailboxOverflow: true,
  alreadyStarted: true,
  alreadyPresent: true,
  notFound: true,
  running: true,
  restarting: true,
  notStarted: true,
  maxChildren: true,
  failedToStartChild: true,
};

export function isExitReason(value: unknown): value is ExitReason {
  return typeof value === 'object' && value !== null && !hasProxy(value) && hasType(value);
}

/** A getter may throw. */
function hasType(value: object): boolean {
  const type = fieldOf(value, 'type');
  return typeof type === 'string' && Object.hasOwn(types, type);
}

/** Throws a `TypeError` unless given an exit reason. */
export function assertExitReason(value: unknown): asserts value is ExitReason {
  if (!isExitReason(value)) {
    throw new TypeError(
      `Expected an exit reason such as normal, shutdown or crash(error), got ${describe(value)}`,
    );
  }
}
