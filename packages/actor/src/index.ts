export * as Application from './application/application.ts';
export * as Agent from './server/agent.ts';
export { type Backoff, backoffDelay } from './backoff.ts';
export type { MailboxOptions } from './process/mailbox.ts';
export type { ChildOptions, ChildSpec, Restart, Shutdown } from './child-spec.ts';
export { childSpec } from './child-spec.ts';
export { type Clock, systemClock, type TimeoutHandle } from './host/clock.ts';
export * as DynamicSupervisor from './supervisor/dynamic/dynamic-supervisor.ts';
export {
  callingSelf,
  crash,
  type ExitReason,
  isAbnormal,
  kill,
  killed,
  noconnection,
  noproc,
  normal,
  shutdown,
  shutdownWith,
  timeout,
} from './process/exit-reason.ts';
export { ExitError, TimeoutError } from './process/exit-error.ts';
export { formatReason } from './process/format-reason.ts';
export * as GenServer from './server/gen-server.ts';
export { group, type Group } from './groups/group.ts';
export * as Groups from './groups/groups.ts';
export { type ProcessInfo, processes, processInfo } from './sys/process-info.ts';
export type { Logger } from './host/logger.ts';
export {
  type Action,
  answer,
  type Answer,
  error,
  ignore,
  type Ignore,
  type InitError,
  isAnswer,
  noreply,
  type NoReply,
  ok,
  type Ok,
  reply,
  type Reply,
  stop,
  type Stop,
  type StopReply,
  type StopStart,
} from './server/next.ts';
export { type Destination, name, type Name, type Named, type Via } from './process/address.ts';
export { pidOf, register, unregister, whereis } from './process/register.ts';
export * as PartitionSupervisor from './supervisor/partition/partition-supervisor.ts';
export { isPid } from './process/cell.ts';
export { alias, type AliasOptions } from './process/alias.ts';
export { getLabel, setLabel } from './process/set-label.ts';
export { sleep } from './process/sleep.ts';
export {
  deleteProcessLevel,
  getProcessLevel,
  getProcessMetadata,
  loggerOf,
  type Metadata,
  type ProcessLevel,
  putProcessLevel,
  setProcessMetadata,
  updateProcessMetadata,
} from './process/process-logger.ts';
export {
  type KeptMessage,
  undelivered,
  type Undelivered,
  type UndeliveredMessage,
  type UndeliveredOptions,
} from './process/undelivered.ts';
export * as procLib from './proc-lib/proc-lib.ts';
export type { Pid, Ref } from './process/pid.ts';
export type {
  DownMessage,
  ExitMessage,
  NameDownMessage,
  Process,
  System,
  SystemMessage,
} from './process/process.ts';
export * as Registry from './registry/registry.ts';
export {
  cancelTimer,
  type CancelTimerMessage,
  type CancelTimerOptions,
  readTimer,
  sendAfter,
  startTimer,
  type TimeoutMessage,
  type TimerOptions,
  type TimerRef,
} from './process/send-after.ts';
export { sendInterval } from './process/send-interval.ts';
export type { AliasMode, SendOptions } from './process/monitor-ref.ts';
export {
  type AliasRef,
  demonitor,
  exit,
  isAlive,
  link,
  monitor,
  send,
  trapExit,
  unalias,
  unlink,
} from './process/signals.ts';
export type { Receiver } from './process/function-process.ts';
export { spawn, type SpawnOptions, spawnLink, spawnMonitor } from './process/spawn.ts';
export type { Scheduler, Turn } from './process/scheduler.ts';
export { createSystem } from './process/system.ts';
export type { SystemOptions } from './process/system-options.ts';
export * as Supervisor from './supervisor/supervisor.ts';
export * as sys from './sys/sys.ts';
export * as Task from './task/task.ts';
