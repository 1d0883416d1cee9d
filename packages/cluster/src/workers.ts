export * as Workers from './workers/workers.ts';
