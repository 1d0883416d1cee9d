import type { JoiningNode } from '../store.ts';
import type { Request } from './messages.ts';

export interface LivesOptions extends Omit<JoiningNode, 'id'> {
  /** A new UUID each time: the id of a life, or the value of a renewal. */
  readonly newId: () => string;
}

/**
 * The lives of a node, and their ids. Each attempt to join is a life of its own: one whose answer
 * is lost may have been executed.
 */
export class Lives {
  readonly #options: LivesOptions;
  readonly #ids: Set<string> = new Set();
  #id: string;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#id = options.newId();
  }

  /** Of the last life. */
  get id(): string {
    return this.#id;
  }

  /** A value that was never there before. */
  newId(): string {
    return this.#options.newId();
  }

  /** Whether a row is that of an earlier life of this process. */
  hasLived(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The request that begins a life. */
  begin(): Request {
    const { newId, ...node } = this.#options;
    this.#id = newId();
    this.#ids.add(this.#id);
    return { type: 'join', node: { ...node, id: this.#id }, renewal: newId() };
  }
}
