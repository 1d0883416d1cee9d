import { assertOneOf } from '@reprise/actor/options';

/** A kind of operation outside of the simulation: a seed cannot repeat its result. */
export type EscapeKind =
  | 'blob'
  | 'crypto'
  | 'dns'
  | 'fs'
  | 'net'
  | 'process'
  | 'timers'
  | 'worker'
  | 'zlib';

/** In words, for reports. */
export const escapeWords: Readonly<Record<EscapeKind, string>> = {
  blob: 'read a Blob',
  crypto: 'let crypto work in the thread pool',
  dns: 'looked up a name',
  fs: 'used a real file',
  net: 'used a real socket',
  process: 'started a program',
  timers: 'set a real timer, by a function that was kept from before the simulation',
  worker: 'used a worker or a message port',
  zlib: 'let zlib work in the thread pool',
};

/** By the types that `node:async_hooks` tells. */
const kinds: readonly (readonly [RegExp, EscapeKind])[] = [
  [/^(?:FSREQ|FILEHANDLE|DIRHANDLE|FSEVENTWRAP$|STATWATCHER$)/, 'fs'],
  [/^(?:TCP|UDP|PIPE)\w*WRAP$/, 'net'],
  [/^(?:GETADDRINFOREQWRAP|GETNAMEINFOREQWRAP|QUERYWRAP)$/, 'dns'],
  [/^PROCESSWRAP$/, 'process'],
  [/^(?:WORKER|MESSAGEPORT)$/, 'worker'],
  [/^(?!HTTP)[A-Z0-9]+REQUEST$/, 'crypto'],
  [/^ZLIB$/, 'zlib'],
  [/^BLOBREADER$/, 'blob'],
  [/^(?:Timeout|Immediate)$/, 'timers'],
];

/** `undefined` for operations that stay inside, such as ticks. */
export function kindOf(type: string): EscapeKind | undefined {
  // Each type is looked at once.
  if (!known.has(type)) {
    known.set(type, kinds.find(([pattern]) => pattern.test(type))?.[1]);
  }
  return known.get(type);
}

const known: Map<string, EscapeKind | undefined> = new Map();

/** Whether an operation of this type is over after one callback; others go on until they close. */
export function isOneShot(type: string): boolean {
  return /^(?:FS|GETADDRINFO|GETNAMEINFO)REQ|REQUEST$|^QUERYWRAP$|^(?:TCP|PIPE)CONNECTWRAP$/.test(
    type,
  );
}

/** The kind of an operation that is begun with this stack; `undefined` if it is no escape. */
export function kindIn(type: string, stack: string): EscapeKind | undefined {
  const kind = kindOf(type);
  if (kind === 'timers') {
    return isOfUser(stack) ? kind : undefined;
  }
  if (stack.includes(idOfRequest)) {
    return undefined;
  }
  // A synchronous function begins the same, and has ended it when it returns.
  if (/^ +at [^(\n]*Sync\]? \(node:/m.test(stack) && !/GENREQUEST$|^RANDOM/.test(type)) {
    return undefined;
  }
  // The pipes to a program that it starts.
  return kind === 'net' && stack.includes('(node:internal/child_process') ? 'process' : kind;
}

/** got gives each request an id, for subscribers of its diagnostics channel alone. */
const idOfRequest = '/got/dist/source/core/diagnostics-channel.js';

/** Node sets timers of its own, which are no part of a program. */
function isOfUser(stack: string): boolean {
  const lines = stack.split('\n');
  const setter = lines.findLastIndex((line) => line.includes('node:timers'));
  return setter !== -1 && !lines[setter + 1]?.includes('node:');
}

/** @throws TypeError for an unknown kind; it names the nearest known one */
export function assertKinds(allow: readonly unknown[]): void {
  for (const kind of allow) {
    assertOneOf('Expected allow to have', kind, Object.keys(escapeWords));
  }
}
