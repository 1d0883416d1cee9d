export type { EndedLife } from './history/endings.ts';
export type { PastTree } from './history/past.ts';
export type { CrashGroup, CrashKind, CrashReport } from './recording/crash-book.ts';
export type { CrashCounts } from './recording/crash-counts.ts';
export { record, type Recording } from './recording/record.ts';
export type { SlowCallback } from './recording/slow-callbacks.ts';
export type { IgnoredCursor, RecordedStream, StreamPhase } from './recording/stream-recorder.ts';
export type { Finding, FindingType } from './judge/finding.ts';
export { judge, type Judgement } from './judge/judge.ts';
export type { JudgeOptions } from './judge/limits.ts';
export { look } from './look/look.ts';
export type { Look, Mailbox, Moment } from './look/looker.ts';
export type {
  Intensity,
  RestartingChild,
  StuckProcess,
  WaitingProcess,
} from './look/process-look.ts';
export type { StreamLook } from './look/stream-look.ts';
export type { ObserverAction } from './server/actions.ts';
export type { GateFunction, HandlerOptions, ObserverHandler } from './server/handler.ts';
export { observerHandler } from './server/handler.ts';
export { observer } from './server/observer.ts';
export type { ObserverOptions, ShowOptions } from './server/options.ts';
