export type { NodeAction, NodeEvent, Now, Request } from './core/messages.ts';
export * from './store.ts';
