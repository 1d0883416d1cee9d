import type { ServerSentEvent } from '@reprise/sse';

import type { Output } from '../output/output.ts';
import type { Source, SourceState } from '../source.ts';

/** Tells the end of a stream once: its own node says how, and all nodes see it in the store. */
export class ToldOnce implements Output {
  readonly #output: Output;
  readonly #over: Set<Source> = new Set();

  constructor(output: Output) {
    this.#output = output;
  }

  event(source: Source, event: ServerSentEvent): void | Promise<void> {
    return this.#output.event(source, event);
  }

  state(source: Source, state: SourceState): void {
    const isRepeated = state.type === 'parked' && this.#over.has(source);
    this.#note(source, state);
    if (!isRepeated) {
      this.#output.state(source, state);
    }
  }

  notice(text: string): void {
    this.#output.notice(text);
  }

  close(): void {
    this.#output.close();
  }

  #note(source: Source, { type }: SourceState): void {
    if (type === 'ended' || type === 'gaveUp' || type === 'parked') {
      this.#over.add(source);
    } else if (type === 'owned') {
      this.#over.delete(source);
    }
  }
}
