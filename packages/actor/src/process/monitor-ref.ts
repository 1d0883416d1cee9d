import type { ExitReason } from './exit-reason.ts';
import { type Pid, Ref } from './pid.ts';

/**
 * When an alias expires, at the latest of what the process itself ends by `unalias`:
 * - `explicitUnalias`: not before;
 * - `demonitor`: also when the monitor is off, since its message came or by `demonitor`;
 * - `replyDemonitor`: also once one message has come by it, which takes the monitor off, too.
 */
export type AliasMode = 'explicitUnalias' | 'demonitor' | 'replyDemonitor';

/** The process that is monitored, as the message of a monitor names it. */
export type MonitorTarget = { readonly pid: Pid } | { readonly name: string };

/**
 * One monitor: the process that set it, its owner, and the message for that.
 *
 * Methods and private fields only: a message that holds a ref is printed and compared without them.
 */
export class MonitorRef<out Owner extends object> extends Ref {
  readonly #owner: Owner;
  readonly #tag: string;
  readonly #monitored: MonitorTarget;
  #alias: AliasMode | undefined;
  #message: object | undefined = undefined;

  constructor(owner: Owner, monitored: MonitorTarget, tag: string, alias: AliasMode | undefined) {
    super();
    this.#owner = owner;
    this.#monitored = monitored;
    this.#tag = tag;
    this.#alias = alias;
  }

  owner(): Owner {
    return this.#owner;
  }

  /** As long as it is not `undefined`, messages that are sent to this ref reach its owner. */
  alias(): AliasMode | undefined {
    return this.#alias;
  }

  unalias(): void {
    this.#alias = undefined;
  }

  /** The message that tells the owner of the end. */
  down(reason: ExitReason): object {
    this.off();
    this.#message = { type: this.#tag, ref: this, ...this.#monitored, reason };
    return this.#message;
  }

  /** Whether this is the message that `down` made, and not a look-alike that somebody sent. */
  isDown(message: unknown): boolean {
    return message !== undefined && message === this.#message;
  }

  /** The monitor is over, and with it its alias, unless only `unalias` ends that. */
  off(): void {
    if (this.#alias !== 'explicitUnalias') {
      this.#alias = undefined;
    }
  }
}
