import { setBrand } from '../brand.ts';
import type { ExitReason } from './exit-reason.ts';
import { type Pid, Ref } from './pid.ts';

/**
 * When an alias expires:
 * - `explicitUnalias`: by `unalias` alone;
 * - `demonitor`: by `unalias`, or when its monitor ends, by its message or by `demonitor`;
 * - `replyDemonitor`: as `demonitor`, or after one message to the alias, which also ends the
 *   monitor.
 */
export type AliasMode = 'explicitUnalias' | 'demonitor' | 'replyDemonitor';

/** The process that is monitored, as the message of a monitor names it. */
export type MonitorTarget = { readonly pid: Pid } | { readonly name: string };

/** The options of `send`. */
export interface SendOptions {
  /**
   * Puts the message in front of the ordinary ones, if it goes to an alias that was made for it:
   * see `alias`. To any other destination it is an ordinary message. Default: false.
   */
  readonly priority?: boolean;
}

/** The process that an alias belongs to. */
export interface AliasOwner {
  push(message: unknown): boolean;
}

/**
 * One monitor: the process that set it, its owner, and the message for that.
 *
 * Methods and private fields only: a message that holds a ref is printed and compared without them.
 */
export class MonitorRef<out Owner extends AliasOwner> extends Ref {
  static {
    setBrand(this, 'monitor');
  }

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

  /** Gives the owner a message that was sent to the alias. False when its mailbox is full. */
  deliver(message: unknown, _options?: SendOptions): boolean {
    return this.#owner.push(message);
  }

  unalias(): void {
    this.#alias = undefined;
  }

  /** The message to the owner when the monitored process ends. */
  down(reason: ExitReason): object {
    this.off();
    this.#message = { type: this.#tag, ref: this, ...this.#monitored, reason };
    return this.#message;
  }

  /** Whether this is the message that `down` made, and not a look-alike from another process. */
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
