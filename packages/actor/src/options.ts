export { assertKnownKeys, assertNoMisspelling, type KeysOf, partOf } from './known-keys.ts';
export { assertOneOf } from './one-of.ts';
export { childKeys } from './child-spec.ts';
export { startKeys } from './server/create-server.ts';
