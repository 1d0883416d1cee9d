export * as Cluster from './cluster.ts';
export { memory } from './memory/store.ts';
export * from './store.ts';
