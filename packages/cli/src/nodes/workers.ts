import process from 'node:process';

import { Supervisor } from '@reprise/actor';

import type { NodeOptions } from '../options/store.ts';
import type { Printed, WorkerMessage } from './messages.ts';
import type { NodeContext } from './node.ts';
import { storeAt, withStore } from './place.ts';

/** How long a worker may take to end, in ms. */
const shutdown = 4000;

/**
 * Starts this program again as so many workers, each a node; their events are printed here.
 * @throws (rejects) Refusal if the store cannot be opened
 */
export async function startWorkers(
  parent: Supervisor.Pid,
  { place, workers }: NodeOptions,
  context: NodeContext,
): Promise<void> {
  const store = await storeAt(place);
  // A store that refuses one worker refuses all: that is reported once, and not by each.
  await withStore(store, async () => undefined);
  const { Workers } = await import('@reprise/cluster/workers');
  const spec = Workers.childSpec({
    id: 'workers',
    program: process.argv[1] ?? '',
    args: process.argv.slice(2),
    ...(workers === undefined ? {} : { count: workers }),
    store,
    shutdown,
    onMessage: (message, { send }) => {
      take(message as WorkerMessage, context, send);
    },
  });
  await Supervisor.startChild(parent, spec);
}

function take(message: WorkerMessage, context: NodeContext, send: (answer: Printed) => void): void {
  if (message.type === 'over') {
    context.stop(message.status, message.text);
    return;
  }
  const { output, delivery } = context;
  const source = context.sources[message.source];
  if (source === undefined) {
    return;
  }
  if (message.type === 'state') {
    output.state(source, message.state);
    return;
  }
  const { id, event } = message;
  const printed = Promise.resolve(delivery.handle(source, event, neverAborts));
  void printed.then(() => {
    send({ id });
  });
}

const neverAborts = new AbortController().signal;
