export * as Cluster from './cluster.ts';
export { memory, type MemoryStore } from './memory/store.ts';
export type { Rows } from './rows.ts';
export * from './store.ts';
