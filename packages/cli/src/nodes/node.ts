import { ExitError, type ExitReason, type Process, Supervisor } from '@reprise/actor';
import type { Cluster as Clusters } from '@reprise/cluster';
import { type ServerSentEvent, type SseClient, streamKey } from '@reprise/sse';

import type { Delivery } from '../delivery.ts';
import type { ClientOptions } from '../options/client-options.ts';
import type { TailOptions } from '../options/options.ts';
import type { NodeOptions } from '../options/store.ts';
import type { Output } from '../output/output.ts';
import type { Source } from '../source.ts';
import { storeAt } from './place.ts';
import { Refusal } from './refusal.ts';

/** How long the running events may take when the program ends, in ms. */
const shutdown = 1000;

export interface NodeContext {
  readonly sources: readonly Source[];
  readonly options: TailOptions;
  readonly output: Output;
  readonly delivery: Delivery;
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
  const spec = Cluster.childSpec({
    id: 'node',
    store: await storeAt(place),
    ...(name === undefined ? {} : { node: name }),
    shutdown,
    streams: Object.fromEntries(sources.map((source) => [streamKey(source.url), source])),
    client: ({ data: source }) => clientOf(source, context),
    handle: (event, { data: source, signal }) => delivery.handle(source, event, signal),
  });
  try {
    await Supervisor.startChild(parent, spec);
  } catch (error) {
    throw refusalOf(error, Cluster) ?? error;
  }
}

function clientOf(source: Source, { options, output }: NodeContext): Clusters.ClientOptions {
  const { client, until } = options;
  return {
    ...(client as Omit<ClientOptions, 'url'>),
    url: source.url,
    ...(until === undefined ? {} : { until: ({ data }: ServerSentEvent) => data === until }),
    onStatus: statusTo(source, output),
  };
}

/** Tells that the stream is owned before the first change of its client, and when it is lost. */
function statusTo(
  source: Source,
  output: Output,
): NonNullable<SseClient.ResilientOptions['onStatus']> {
  let client: Process | undefined;
  return (status, { self }) => {
    if (client === undefined) {
      client = self;
      output.state(source, { type: 'owned' });
      self.signal.addEventListener('abort', () => {
        if (isLost(self.signal.reason)) {
          output.state(source, { type: 'unowned', wasOwned: true });
        }
      });
    }
    output.state(source, status);
  };
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
