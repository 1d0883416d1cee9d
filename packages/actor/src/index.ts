export type { MailboxOptions } from './bounded-mailbox.ts';
export type { ChildOptions, ChildSpec, Restart, Shutdown } from './child-spec.ts';
export { childSpec } from './child-spec.ts';
export { type Clock, systemClock, type TimeoutHandle } from './clock.ts';
export {
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
  TimeoutError,
} from './exit.ts';
export * as GenServer from './gen-server.ts';
export type { Logger } from './logger.ts';
export {
  type Action,
  answer,
  type Answer,
  ignore,
  type Ignore,
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
} from './next.ts';
export { type Destination, name, type Name, type Named } from './name.ts';
export { pidOf, register, unregister, whereis } from './names.ts';
export { isPid, type Pid, type Ref } from './pid.ts';
export type { DownMessage, ExitMessage, Process, System, SystemMessage } from './process.ts';
export { cancelTimer, readTimer, sendAfter, type TimerRef } from './send-after.ts';
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
