export { burialOf } from './core/burial.ts';
export { Lease } from './core/lease.ts';
export type { NodeAction, NodeEvent, Now, Request } from './core/messages.ts';
export { NodeCore, type NodeCoreOptions, type Phase } from './core/node-core.ts';
export { type Times, timesOf } from './core/times.ts';
export type { OwnerRow } from './memory/owner-row.ts';
export { MemoryTables } from './memory/tables.ts';
export { timeLimitOf } from './limits.ts';
