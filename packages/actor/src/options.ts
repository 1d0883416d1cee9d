export { assertKnownKeys, type KeysOf, partOf } from './known-keys.ts';
export { assertOneOf } from './one-of.ts';
