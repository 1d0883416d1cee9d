export { FetchError } from './fetch/fetch-error.ts';
export type { FetchFailure, RefusedRedirect } from './fetch/failure.ts';
export { guarded, type GuardedFetch } from './fetch/guarded.ts';
export type { GuardOptions } from './fetch/options.ts';
export type { FetchStatus, FetchStatusChange } from './fetch/status.ts';
