import { type ChildSpec, DynamicSupervisor, type Pid } from '@reprise/actor';
import { describe } from '@reprise/actor/text';
import { SseClient } from '@reprise/sse';

import type { ClientOptions } from '../options/options.ts';
import type { Settings } from '../options/settings.ts';
import { isThenable } from './never.ts';
import type { OwnedStream } from './owned-stream.ts';
import { sinkFor } from './sink.ts';
import type { SinkTarget } from './transaction-cursor.ts';

export type ClientSettings = Pick<Settings, 'client' | 'sink'>;

/** Starts the client of a stream. Rejects if its options can never work. */
export async function startClient(
  supervisor: DynamicSupervisor.Pid,
  stream: OwnedStream,
  settings: ClientSettings,
  target: SinkTarget,
): Promise<Pid | undefined> {
  return DynamicSupervisor.startChild(supervisor, clientOf(stream, settings, target));
}

/**
 * Checks the options of the client of a stream that does not run yet.
 * @throws the error of `SseClient.resilient`, or of `client` itself, if they can never work
 */
export function assertClient(
  [key, data]: readonly [key: string, data: unknown],
  client: Settings['client'],
): void {
  SseClient.resilient({ ...checkedOptions(client({ key, data })), id: key, handle: nothing });
}

function nothing(): void {
  // The stream does not run.
}

function clientOf(
  stream: OwnedStream,
  { client, sink }: ClientSettings,
  target: SinkTarget,
): ChildSpec {
  const { key, data } = stream;
  const options = checkedOptions(client({ key, data }));
  const { onStatus } = options;
  return SseClient.resilient({
    ...options,
    ...sinkFor(stream, sink, target),
    id: key,
    restart: 'temporary',
    // The member has stopped it in order before its supervisor does, or has taken too long.
    shutdown: 'brutalKill',
    onStatus: (change, context) => {
      stream.observe(change, context.self);
      return onStatus?.(change, context);
    },
  });
}

/** @throws TypeError for options that are the cluster's: they would be ignored in silence */
function checkedOptions(options: ClientOptions): ClientOptions {
  if (typeof options !== 'object' || options === null || isThenable(options)) {
    throw new TypeError(
      `Expected client to return the options of a client, such as { url }, got ${describe(options)}`,
    );
  }
  const own = clusterOwn.find((name) => name in options);
  if (own !== undefined) {
    throw new TypeError(`Expected client to return no ${own}, which is the cluster's, got one`);
  }
  return options;
}

const clusterOwn = [
  'id',
  'restart',
  'shutdown',
  'significant',
  'restartDelay',
  'name',
  'mailbox',
  'timeout',
  'cursor',
  'handle',
  'handleBatch',
  'maxBatch',
  'handleFailed',
  'giveUpWith',
  'events',
  'handleInvalid',
] as const satisfies readonly string[];
