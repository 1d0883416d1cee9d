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
export { type Action, ignore, isAnswer, noreply, ok, reply, stop } from './next.ts';
export { isPid, type Pid, type Ref } from './pid.ts';
export type { DownMessage, ExitMessage, Process, System, SystemMessage } from './process.ts';
export { register, unregister, whereis } from './registry.ts';
export { demonitor, exit, isAlive, link, monitor, send, trapExit, unlink } from './signals.ts';
export { type Receiver, spawn, spawnLink, spawnMonitor } from './spawn.ts';
export { createSystem, type SystemOptions } from './system.ts';
export * as Supervisor from './supervisor.ts';
