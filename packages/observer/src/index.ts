export type { CrashGroup, CrashKind, CrashReport } from './crash-book.ts';
export type { EndedLife } from './history.ts';
export type { PastTree } from './past.ts';
export { record, type Recording } from './record.ts';
