import { type ExitReason, isAlive, loggerOf, type Pid, type Process, send } from '@reprise/actor';

import type { NodeEvent } from '../core/messages.ts';
import type { Listed } from '../options/listing.ts';
import { textOf } from '../shown.ts';
import type { Claim, Outcome, OwnedStream as Owned, View } from '../store.ts';
import { type Host, OwnedStream } from '../stream/owned-stream.ts';
import { CrashRecord } from './crash-record.ts';
import type { MemberMessage } from './messages.ts';

export interface OwnedStreamsOptions {
  readonly self: Process<MemberMessage>;
  readonly host: Host;
  /** The streams that the node may own now. */
  readonly listed: () => Listed;
  /** Starts the client of a stream. */
  readonly start: (stream: OwnedStream) => Promise<Pid | undefined>;
  /** Tells the core. */
  readonly tell: (event: NodeEvent) => void;
}

/** The streams that run on a node, and their clients. */
export class OwnedStreams {
  readonly #options: OwnedStreamsOptions;
  readonly #streams: Map<string, OwnedStream> = new Map();

  readonly #crashes: CrashRecord = new CrashRecord();

  constructor(options: OwnedStreamsOptions) {
    this.#options = options;
  }

  [Symbol.iterator](): Iterator<OwnedStream> {
    return this.#streams.values();
  }

  /** Streams that crash again and again and do not run now, with the time since when they do. */
  get crashed(): readonly (readonly [key: string, since: number])[] {
    return [...this.#crashes.all()].filter(([key]) => !this.#streams.has(key));
  }

  /** When a stream that runs here handled its first event; `Infinity` while that is at work. */
  firstHandledAt(key: string): number | undefined {
    return this.#streams.get(key)?.firstHandledAt;
  }

  /** A view has arrived. */
  look({ free }: View, now: number): void {
    const keys = new Set(free.map(({ key }) => key));
    this.#crashes.look(keys, (key) => this.#streams.has(key), now);
  }

  /** Starts a client. Nobody waits for it: one that is slow to start holds up no other. */
  start(claim: Claim): void {
    const { self, host, listed, start } = this.#options;
    const { key } = claim;
    const stream = new OwnedStream(claim, listed().get(key), host, this.#crashes.since(key));
    this.#streams.set(claim.key, stream);
    if (!listed().has(key)) {
      // It has left the list since it was claimed: there is no data for it.
      send(self.pid, { type: 'unlisted', stream });
      return;
    }
    start(stream).then(
      (pid) => {
        send(self.pid, { type: 'started', stream, pid });
      },
      (error: unknown) => {
        send(self.pid, { type: 'notStarted', stream, error });
      },
    );
  }

  /** In order: the core hears of it with the last cursor. At once: the stream is another's. */
  stop({ key, epoch }: Owned, how: 'inOrder' | 'atOnce'): void {
    const stream = this.#streams.get(key);
    if (stream?.epoch !== epoch) {
      return;
    }
    if (how === 'inOrder') {
      stream.stop(this.#options.self);
    } else {
      this.#streams.delete(key);
      stream.fence(this.#options.self);
    }
  }

  /** Ends all clients at once. */
  fence(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      stream.fence(this.#options.self);
    }
  }

  // What happens to a client

  started(stream: OwnedStream, pid: Pid | undefined): void {
    if (pid !== undefined && isAlive(pid)) {
      stream.started(pid);
    } else {
      this.#stopped(stream, 'crashed');
    }
  }

  notStarted(stream: OwnedStream, error: unknown): void {
    const { key } = stream;
    loggerOf(this.#options.self).error(
      { stream: key, err: error },
      `cluster: the client of stream ${JSON.stringify(key)} could not be started: ${textOf(error)}`,
    );
    // Its options cannot work: it is as if its source had refused it.
    this.#stopped(stream, 'gaveUp', textOf(error));
  }

  /** The stream had left the list before its client was started. */
  unlisted(stream: OwnedStream): void {
    this.#stopped(stream, 'removed');
  }

  /** The client of a stream whose write was refused ends too: that is told by `refused`. */
  ended(stream: OwnedStream, reason: ExitReason): void {
    if (!stream.isOver) {
      const outcome = stream.verdict ?? (reason.type === 'normal' ? 'ended' : 'crashed');
      this.#stopped(stream, stream.isStopping ? 'drained' : outcome, wordsOf(reason));
    }
  }

  /** Forgets a stream whose client has been ended. Whether it was known. */
  forget(stream: OwnedStream): boolean {
    return this.#streams.get(stream.key) === stream && this.#streams.delete(stream.key);
  }

  #stopped(stream: OwnedStream, outcome: Outcome, reason?: string): void {
    if (this.forget(stream)) {
      const { key, epoch, firstHandledAt } = stream;
      this.#crashes.note(stream, outcome, stream.host.clock.now());
      this.#options.tell({
        type: 'stopped',
        stream: { key, epoch },
        outcome,
        firstHandledAt,
        ...(reason === undefined ? {} : { reason }),
        ...stream.rest,
      });
    }
  }
}

/** For people: the words of the error that has ended a client. */
function wordsOf(reason: ExitReason): string | undefined {
  return 'error' in reason ? textOf(reason.error) : undefined;
}
