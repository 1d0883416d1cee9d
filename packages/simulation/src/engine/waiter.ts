import type { Engine } from './engine.ts';
import type { Owner } from './happening.ts';

/** The waits of the test program, or of one of its clients, on virtual time. */
export class Waiter {
  readonly #engine: Engine;
  readonly #owner: Owner;

  constructor(engine: Engine, owner: Owner) {
    this.#engine = engine;
    this.#owner = owner;
  }

  /** Calls `run` after `ms` of virtual time, in a step of the owner. */
  schedule(ms: number, what: string, run: () => void): void {
    const at = this.#engine.now + Math.round(ms * 1000);
    this.#engine.schedule({ at, owner: this.#owner, kind: 'note', what, run });
  }

  /** Resolves after `ms` of virtual time. */
  after(ms: number, what: string): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(ms, what, resolve);
    });
  }

  /**
   * Resolves once `holds` returns true after a step. It does so in a step of its own, since the
   * step that made the condition true belongs to another owner.
   * @throws Error if the condition does not hold within so many ms
   */
  async until(holds: () => boolean, within: number): Promise<void> {
    const { checks, waits } = this.#engine;
    const wait = (): readonly string[] => [`${this.#owner.name} waits for a condition`];
    const { promise: held, resolve } = Promise.withResolvers<boolean>();
    const check = (): void => {
      if (holds() && checks.delete(check)) {
        void this.after(0, 'has waited for a condition').then(() => {
          resolve(true);
        });
      }
    };
    waits.add(wait);
    checks.add(check);
    const late = within === Infinity ? [] : [this.after(within, 'looks at a condition')];
    const isHeld = await Promise.race([held, ...late]);
    waits.delete(wait);
    if (isHeld !== true && checks.delete(check)) {
      throw new Error(`Expected the condition to hold within ${within} ms, got false`);
    }
  }
}
