import { ExitError, type ExitReason, type Process, Supervisor, Task } from '@reprise/actor';
import type { Cluster as Clusters } from '@reprise/cluster';
import { type ServerSentEvent, streamKey } from '@reprise/sse';

import type { Delivery } from '../delivery.ts';
import type { ClientOptions } from '../options/client-options.ts';
import type { TailOptions } from '../options/options.ts';
import type { NodeOptions } from '../options/store.ts';
import type { Output } from '../output/output.ts';
import type { Source } from '../source.ts';
import { watchEnd } from '../watch-end.ts';
import { storeAt } from './place.ts';
import { Refusal } from './refusal.ts';
import { watchRest } from './rest.ts';

/** How long the running events may take when the program ends, in ms. */
const shutdown = 1000;

export interface NodeContext {
  readonly sources: readonly Source[];
  readonly options: TailOptions;
  readonly output: Output;
  readonly delivery: Delivery;
  /** Called when no stream runs on any node, with the exit status; 3 and why if it is refused. */
  readonly stop: (status: 0 | 1 | 3, text?: string) => void;
}

/**
 * Starts a node of a cluster: of the sources, it follows those that it owns.
 * @throws (rejects) Refusal if the store or another node refuses the start
 */
export async function startNode(
  parent: Supervisor.Pid,
  { place, name }: NodeOptions,
  context: NodeContext,
): Promise<void> {
  const { Cluster } = await import('@reprise/cluster');
  const { sources, output, delivery } = context;
  for (const source of sources) {
    output.state(source, { type: 'unowned', wasOwned: false });
  }
  const byUrl = new Map(sources.map((source) => [source.url, source]));
  const sourceAt = (url: string): Source => byUrl.get(url) as Source;
  const spec = Cluster.childSpec({
    id: 'node',
    store: await storeAt(place),
    ...(name === undefined ? {} : { node: name }),
    shutdown,
    // Not the place in the command line: in another one the stream would be a new one.
    streams: Object.fromEntries(sources.map(({ url }) => [streamKey(url), url])),
    client: ({ data: url }) => clientOf(sourceAt(url), context),
    handle: (event, { data: url, signal }) => delivery.handle(sourceAt(url), event, signal),
  });
  try {
    const node = (await Supervisor.startChild(parent, spec)) as Clusters.Pid;
    const rest = { ...context, status: () => statusOf(node, Cluster) };
    await Supervisor.startChild(
      parent,
      Task.childSpec((self) => watchRest(self, rest), { id: 'rest' }),
    );
  } catch (error) {
    throw refusalOf(error, Cluster) ?? error;
  }
}

function statusOf(node: Clusters.Pid, Cluster: typeof Clusters): Clusters.Status | undefined {
  try {
    return Cluster.status(node);
  } catch (error) {
    if (error instanceof ExitError) {
      return undefined;
    }
    throw error;
  }
}

function clientOf(source: Source, { options, output }: NodeContext): Clusters.ClientOptions {
  const { client, until } = options;
  return {
    ...(client as Omit<ClientOptions, 'url'>),
    url: source.url,
    ...(until === undefined ? {} : { until: ({ data }: ServerSentEvent) => data === until }),
    ...watchOwned(source, output),
  };
}

/** Tells that the stream is owned before the first change of its client, and when it is lost. */
function watchOwned(source: Source, output: Output): ReturnType<typeof watchEnd> {
  let client: Process | undefined;
  return watchEnd((state, { self }) => {
    if (client === undefined) {
      client = self;
      output.state(source, { type: 'owned' });
      self.signal.addEventListener('abort', () => {
        if (isLost(self.signal.reason)) {
          output.state(source, { type: 'unowned', wasOwned: true });
        }
      });
    }
    output.state(source, state);
  });
}

/** A cluster ends the client of a stream that goes elsewhere by `shutdown`. */
function isLost(thrown: unknown): boolean {
  return thrown instanceof ExitError && thrown.reason.type === 'shutdown';
}

function refusalOf(error: unknown, Cluster: typeof Clusters): Refusal | undefined {
  return error instanceof ExitError && Cluster.exitStatus(error.reason, 1) === 3
    ? new Refusal(messageIn(error.reason), { cause: error })
    : undefined;
}

/** The words of the error at the bottom of a failed start. */
function messageIn(reason: ExitReason): string {
  switch (reason.type) {
    case 'failedToStartChild':
      return messageIn(reason.reason);
    case 'shutdown':
      return messageIn(reason.detail as ExitReason);
    case 'crash':
      return (reason.error as Error).message;
    default:
      return reason.type;
  }
}
