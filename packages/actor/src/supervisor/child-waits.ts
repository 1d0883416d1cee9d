import type { Pid } from '../process/pid.ts';
import type { From } from '../server/behaviour.ts';
import { reply } from '../server/gen-server.ts';
import { isAwaited } from '../server/messages.ts';

/** The callers that wait until a child runs, by the id of the child. */
export class ChildWaits {
  readonly #callers: Map<string, From<Pid | undefined>[]> = new Map();

  /** Callers whose timeout has passed are dropped here: a child may never run again. */
  add(id: string, caller: From<Pid | undefined>): void {
    const others = this.#callers.get(id) ?? [];
    this.#callers.set(id, [...others.filter(isAwaited), caller]);
  }

  /** The child runs as `pid`. */
  end(id: string, pid: Pid): void {
    for (const caller of this.#callers.get(id) ?? []) {
      reply(caller, pid);
    }
    this.#callers.delete(id);
  }
}
