import { Application, type Process, Supervisor } from '@reprise/actor';
import { redact } from '@reprise/actor/text';

import { Clients } from './clients.ts';
import { Delivery } from './delivery.ts';
import * as Feed from './feed/feed.ts';
import type { NodeContext } from './nodes/node.ts';
import { ToldOnce } from './nodes/told-once.ts';
import type { ClientOptions } from './options/client-options.ts';
import type { ObserverFlags, TailOptions } from './options/options.ts';
import type { NodeOptions } from './options/store.ts';
import type { Output } from './output/output.ts';
import type { Source } from './source.ts';

/** The program around the application. */
export interface Host {
  /** Called once the sources are known, before the first connection. */
  openOutput(sources: readonly Source[]): Output;
  /** Called once the last client has ended, with the output that it had. */
  closeOutput(output: Output): Promise<void>;
  /**
   * Called when there is nothing more to print. `status`: 0 when all events that `--count` asked
   * for are printed, or when at least one source ended well; 1 when all sources gave up; 3 when a
   * worker was refused, for the reason of `text`.
   */
  stop(status: 0 | 1 | 3, text?: string): void;
  /** The file descriptor that events are printed to. */
  readonly outputFd: number;
  /** `undefined`: without an observer. */
  readonly observer: ObserverFlags | undefined;
}

/**
 * `reprise tail` as an application: a supervised client for each source, and beside them the
 * embedded feed if no URL was given, and the observer.
 */
export function tailApplication(options: TailOptions, host: Host): Application.Application {
  return Application.define<Output>({
    name: 'tail',
    start: (self) => start(self, options, host),
    stop: (output) => host.closeOutput(output),
  });
}

async function start(
  self: Process,
  options: TailOptions,
  host: Host,
): Promise<Application.Started<Output>> {
  const isEmbedded = options.urls.length === 0;
  const top = await Supervisor.startLink(self, {
    strategy: 'oneForOne',
    // A crash here is a bug: it ends the program rather than stays hidden.
    maxRestarts: 0,
    children: isEmbedded ? [Feed.childSpec()] : [],
  });
  const urls = isEmbedded ? [await Feed.url(Supervisor.child(top, 'feed'))] : options.urls;
  const sources = urls.map(sourceOf);
  const output = host.openOutput(sources);
  const stop: Host['stop'] = (status, text) => {
    host.stop(status, text);
  };
  if (options.node === undefined) {
    const clients = new Clients({ sources, options, output, outputFd: host.outputFd, stop });
    await clients.start(top, isEmbedded ? { ...embedded, ...options.client } : options.client);
  } else {
    const delivery = new Delivery({ options, output, stop });
    const context = { sources, options, output: new ToldOnce(output), delivery, stop };
    await startNodes(top, options.node, context);
  }
  if (host.observer !== undefined) {
    observe(top, host.observer, output);
  }
  return { pid: top, state: output };
}

/** The modules of a cluster are loaded where there is one. */
async function startNodes(
  top: Supervisor.Pid,
  node: NodeOptions,
  context: NodeContext,
): Promise<void> {
  if (node.workers === undefined) {
    const { startNode } = await import('./nodes/node.ts');
    await startNode(top, node, context);
  } else {
    const { startWorkers } = await import('./nodes/workers.ts');
    await startWorkers(top, node, context);
  }
}

/** No connection waits for it: it is loaded after the clients have begun. */
function observe(top: Supervisor.Pid, { port }: ObserverFlags, output: Output): void {
  const announce = (url: string): void => {
    output.notice(`observer ${url}`);
  };
  const options = port === undefined ? { announce } : { port, announce };
  void import('@reprise/observer')
    .then(({ observer }) => Supervisor.startChild(top, observer(options)))
    // A program that has ended by now needs none.
    .catch(() => undefined);
}

/** For the embedded feed: short enough to watch its faults pass. */
const embedded: ClientOptions = { idleTimeout: 5000, maxDelay: 3000 };

function sourceOf(url: string, index: number): Source {
  return { id: `source ${index + 1}`, url, name: redact(url) };
}
