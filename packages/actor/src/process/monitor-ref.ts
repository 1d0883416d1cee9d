import type { ExitReason } from './exit-reason.ts';
import { type Pid, Ref } from './pid.ts';

/**
 * How long an alias is one: until `unalias` (`explicitUnalias`), or as well until its monitor is
 * off (`demonitor`), or as well until one message has come by it (`replyDemonitor`), which takes
 * the monitor off too.
 */
export type AliasMode = 'explicitUnalias' | 'demonitor' | 'replyDemonitor';

/** One monitor: whose it is, and what its message looks like. */
export class MonitorRef extends Ref {
  readonly #owner: object;
  readonly #tag: string;
  readonly #monitored: { readonly pid: Pid } | { readonly name: string };
  #alias: AliasMode | undefined;
  #message: object | undefined = undefined;

  constructor(
    owner: object,
    monitored: { readonly pid: Pid } | { readonly name: string },
    tag: string,
    alias: AliasMode | undefined,
  ) {
    super();
    this.#owner = owner;
    this.#monitored = monitored;
    this.#tag = tag;
    this.#alias = alias;
  }

  // Methods and private fields, so that a message that holds a ref prints no more than the ref.

  owner(): object {
    return this.#owner;
  }

  /** While there is one, what is sent to this ref reaches its owner. */
  alias(): AliasMode | undefined {
    return this.#alias;
  }

  unalias(): void {
    this.#alias = undefined;
  }

  /** The message to its owner. */
  down(reason: ExitReason): object {
    this.off();
    this.#message = { type: this.#tag, ref: this, ...this.#monitored, reason };
    return this.#message;
  }

  /** Whether this is the message that `down` made, and not one that somebody else made up. */
  isDown(message: unknown): boolean {
    return message !== undefined && message === this.#message;
  }

  /** The monitor is over; so is its alias, unless that was to stay. */
  off(): void {
    if (this.#alias !== 'explicitUnalias') {
      this.#alias = undefined;
    }
  }
}
