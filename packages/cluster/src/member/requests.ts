import type { Clock } from '@reprise/actor';

import type { NodeEvent, Now, Request } from '../core/messages.ts';
import { timeLimitOf } from '../limits.ts';
import type { OpenStore } from '../store.ts';
import { within } from '../within.ts';

/**
 * Asks the store. Resolves to the event that its answer is, or to `failed`; never rejects. An
 * answer that takes longer than a store may is dropped: a node that waited for it would neither
 * renew nor see that its lease is over.
 */
export async function ask(
  store: OpenStore<unknown>,
  request: Request,
  sentAt: Now,
  { clock, ttl }: { readonly clock: Clock; readonly ttl: number },
): Promise<NodeEvent> {
  const timeout = timeLimitOf(request.type === 'release' ? 'save' : request.type, ttl);
  try {
    return await within(answerTo(store, request, sentAt), { clock, timeout, of: 'the store' });
  } catch (error) {
    return { type: 'failed', request: request.type, error };
  }
}

async function answerTo(
  store: OpenStore<unknown>,
  request: Request,
  sentAt: Now,
): Promise<NodeEvent> {
  switch (request.type) {
    case 'join':
      return { type: 'joined', sentAt, holder: await store.join(request.node, request.renewal) };
    case 'declare':
      return { type: 'declared', isComplete: await store.declare(request.streams) };
    case 'renew': {
      const isGood = await store.renew(request.id, request.renewal, request.facts);
      return { type: 'renewed', sentAt, isGood };
    }
    case 'watch':
      return { type: 'watched', nodes: await store.watch() };
    case 'observe': {
      const view = await store.observe(request.id, request.dead, request.held);
      return { type: 'viewed', view };
    }
    case 'claim':
      return { type: 'claimed', claims: await store.claim(request.id, request.wanted) };
    case 'release':
      return { type: 'released', keys: await store.save(request.id, request.rows) };
    case 'leave':
      await store.leave(request.id);
      return { type: 'left' };
    default:
      return request satisfies never;
  }
}
