import type { System } from '@reprise/actor';
import { watch } from '@reprise/actor/inspect';
import type { SseClient } from '@reprise/sse';

type FactType = SseClient.ClientFact['type'];

/** The facts of the clients of a system, to wait for. */
export class Facts {
  readonly #types: FactType[] = [];
  #woken = Promise.withResolvers<void>();

  constructor(system: System) {
    watch(system, {
      noted: (_pid, _kind, fact) => {
        this.#types.push((fact as SseClient.ClientFact).type);
        this.#woken.resolve();
      },
    });
  }

  /** Takes facts until one of this type. */
  async until(type: FactType): Promise<void> {
    for (;;) {
      const next = this.#types.shift();
      if (next === type) {
        return;
      }
      if (next === undefined) {
        this.#woken = Promise.withResolvers();
        await this.#woken.promise;
      }
    }
  }
}
