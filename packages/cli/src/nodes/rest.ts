import { type Process, sleep } from '@reprise/actor';
import type { Cluster } from '@reprise/cluster';
import { streamKey } from '@reprise/sse';

import type { Output } from '../output/output.ts';
import type { Source } from '../source.ts';

export interface RestContext {
  readonly sources: readonly Source[];
  readonly output: Output;
  /** Called when no stream runs on any node, and none is about to. */
  readonly stop: (status: 0 | 1) => void;
  /** What the node knows; `undefined` while it starts again after a crash. */
  readonly status: () => Cluster.Status | undefined;
}

type Parked = Cluster.Status['streams']['parked'][number];
type ParkedSources = ReadonlyMap<Source, Parked>;

/** Between two looks at the status of the node, in ms. */
const pause = 250;

/**
 * For so long all streams have to be parked, in ms: longer than from one look of the node at its
 * store to the next. The first may come before its own list is written, which can start streams.
 */
const settling = 3000;

/**
 * Tells of each stream that the store has parked, and stops the program when all are: their sources
 * have ended or given up, here, on another node or in an earlier run.
 */
export async function watchRest(self: Process, context: RestContext): Promise<void> {
  let told: ParkedSources = new Map();
  let since = Infinity;
  for (;;) {
    await sleep(self, pause);
    const now = self.system.clock.now();
    const parked = parkedIn(context);
    tell(parked, told, context);
    told = parked;
    since = parked.size === context.sources.length ? Math.min(since, now) : Infinity;
    if (now - since >= settling) {
      context.stop([...parked.values()].some(hasEnded) ? 0 : 1);
      return;
    }
  }
}

function tell(parked: ParkedSources, told: ParkedSources, { output }: RestContext): void {
  const fresh = [...parked].filter(([source]) => !told.has(source));
  for (const [source, { reason, retryIn }] of fresh) {
    output.state(source, { type: 'parked', reason, retryIn });
  }
}

/** Without those whose time has come. None while the node has no lease, and knows nothing. */
function parkedIn({ sources, status }: RestContext): ParkedSources {
  const { node, streams } = status() ?? {};
  const known = node?.phase === 'member' ? (streams?.parked ?? []) : [];
  const byKey = new Map(known.map((parked) => [parked.key, parked]));
  return new Map(
    sources.flatMap((source) => {
      const parked = byKey.get(streamKey(source.url));
      return parked === undefined || parked.retryIn === 0 ? [] : [[source, parked] as const];
    }),
  );
}

function hasEnded({ retryIn }: Parked): boolean {
  return retryIn === undefined;
}
