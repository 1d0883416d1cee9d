export * as application from './application.ts';
export * as Agent from './agent.ts';
export type { MailboxOptions } from './bounded-mailbox.ts';
export type { ChildOptions, ChildSpec, Restart, Shutdown } from './child-spec.ts';
export { childSpec } from './child-spec.ts';
export { type Clock, systemClock, type TimeoutHandle } from './clock.ts';
export * as DynamicSupervisor from './dynamic-supervisor.ts';
export {
  callingSelf,
  crash,
  ExitError,
  type ExitReason,
  formatReason,
  isAbnormal,
  kill,
  killed,
  noconnection,
  noproc,
  normal,
  shutdown,
  shutdownWith,
  timeout,
  TimeoutError,
} from './exit.ts';
export * as GenServer from './gen-server.ts';
export { group, type Group } from './group.ts';
export * as Groups from './groups.ts';
export { type ProcessInfo, processes, processInfo } from './info.ts';
export type { Logger } from './logger.ts';
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
} from './next.ts';
export { type Destination, name, type Name, type Named, type Via } from './name.ts';
export { pidOf, register, unregister, whereis } from './names.ts';
export * as PartitionSupervisor from './partition-supervisor.ts';
export { isPid, type Pid, type Ref } from './pid.ts';
export type {
  DownMessage,
  ExitMessage,
  NameDownMessage,
  Process,
  System,
  SystemMessage,
} from './process.ts';
export * as Registry from './registry.ts';
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
} from './send-after.ts';
export { sendInterval } from './send-interval.ts';
export type { AliasMode } from './monitor-ref.ts';
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
} from './signals.ts';
export { type Receiver, spawn, type SpawnOptions, spawnLink, spawnMonitor } from './spawn.ts';
export { createSystem, type SystemOptions } from './system.ts';
export * as Supervisor from './supervisor.ts';
export * as sys from './sys.ts';
export * as Task from './task.ts';
