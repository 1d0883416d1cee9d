import type { ServerSentEvent } from '@reprise/sse';

import type { Output } from '../output/output.ts';
import type { Source, SourceState } from '../source.ts';
import type { Printed, WorkerMessage } from './messages.ts';

/** The output of a worker: its parent prints, so that no two lines are mixed. */
export class RemoteOutput implements Output {
  readonly #process: NodeJS.Process;
  readonly #sources: readonly Source[];
  readonly #waiting: Map<number, () => void> = new Map();
  #lastId = 0;

  constructor(process: NodeJS.Process, sources: readonly Source[]) {
    this.#process = process;
    this.#sources = sources;
    process.on('message', ({ id }: Printed) => {
      this.#waiting.get(id)?.();
      this.#waiting.delete(id);
    });
  }

  /** It settles when the parent has printed the event: only then does it count as handled. */
  event(source: Source, event: ServerSentEvent): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#send({ type: 'event', id, source: this.#indexOf(source), event });
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
    });
  }

  state(source: Source, state: SourceState): void {
    this.#send({ type: 'state', source: this.#indexOf(source), state });
  }

  notice(): void {
    // A worker has no observer.
  }

  close(): void {
    // The parent closes its own.
  }

  #indexOf(source: Source): number {
    return this.#sources.indexOf(source);
  }

  #send(message: WorkerMessage): void {
    void tellParent(this.#process, message);
  }
}

/**
 * Settles once the system has the message. Without a parent nothing is printed: the program is
 * about to end.
 */
export function tellParent(process: NodeJS.Process, message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) {
      process.send?.(message, undefined, undefined, () => {
        resolve();
      });
    } else {
      resolve();
    }
  });
}
