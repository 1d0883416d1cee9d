export type { EndedLife } from './history/history.ts';
export type { PastTree } from './history/past.ts';
export type { CrashGroup, CrashKind, CrashReport } from './recording/crash-book.ts';
export { record, type Recording } from './recording/record.ts';
export type { IgnoredCursor, RecordedStream, StreamPhase } from './recording/stream-recorder.ts';
