import { randomUUID } from 'node:crypto';

import type {
  Claim,
  CursorMove,
  DeclaredStream,
  FreeStream,
  Held,
  JoiningNode,
  NodeFacts,
  OpenStore,
  OwnedStream,
} from '../../src/index.ts';

/** A node that believes to hold nothing. */
export const nothing: Held = { count: 0, epochs: 0 };

/** Neither owned nor draining. */
export const idle: NodeFacts = { owned: 0, draining: false, list: '', busy: 0 };

/** A name that no other call has given. */
export function newNode(name: string = randomUUID()): JoiningNode {
  return { id: randomUUID(), name, weight: 1, ttl: 10_000, host: 'test', pid: 1 };
}

/** Joins as a new node, and returns its id. */
export async function join(store: OpenStore<unknown>): Promise<string> {
  const node = newNode();
  await store.join(node, randomUUID());
  return node.id;
}

/** Streams without a spec. */
export function listed(keys: readonly string[]): readonly DeclaredStream[] {
  return keys.map((key) => ({ key, spec: '' }));
}

/** Declares streams, and claims them for a node. */
export async function own(
  store: OpenStore<unknown>,
  id: string,
  keys: readonly string[],
): Promise<readonly Claim[]> {
  await store.declare(listed(keys));
  return store.claim(
    id,
    keys.map((key) => free(key, 0)),
  );
}

export function free(key: string, epoch: number): FreeStream {
  return { key, epoch, deadFor: 0, strikes: 0 };
}

/** A stream as its next owner has read it. */
export function asFree({ key, epoch }: OwnedStream): FreeStream {
  return free(key, epoch);
}

/** Buries a node with the value that it has now. */
export async function bury(store: OpenStore<unknown>, id: string): Promise<void> {
  const seen = (await store.watch()).filter((node) => node.id === id);
  await store.observe(randomUUID(), seen, nothing);
}

/** A transaction that does nothing else, unless it has work. */
export async function move(
  store: OpenStore<unknown>,
  id: string,
  step: CursorMove,
  work: (tx: unknown) => unknown = () => undefined,
): Promise<unknown> {
  return store.transact(id, step, work, new AbortController().signal);
}

/** The text of the cursor that the next owner of a stream gets. */
export async function cursorOf(
  store: OpenStore<unknown>,
  { key, epoch }: OwnedStream,
): Promise<string | undefined> {
  const [claim] = await store.claim(await join(store), [free(key, epoch)]);
  return claim?.cursor;
}

export function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `stream-${index}`);
}
