export { assertKnownKeys, assertNoMisspelling, type KeysOf, partOf } from './known-keys.ts';
export { assertOneOf } from './one-of.ts';
export { childKeys } from './child-spec.ts';
export { assertCallbacks, callbackKeys } from './server/callbacks.ts';
export { systemDefaults } from './process/system-defaults.ts';
export { startKeys } from './server/create-server.ts';
export { assertState } from './server/next.ts';
