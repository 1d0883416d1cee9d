export { memory } from './memory/store.ts';
export * from './store.ts';
