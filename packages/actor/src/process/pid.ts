import { setBrand } from '../brand.ts';

declare const accepts: unique symbol;

/**
 * The address of a process: with it the process is linked, monitored, stopped, and sent the
 * messages that it accepts. Two pids are the same process when they are `===`. A pid is never
 * reused, and stays valid after the end of its process.
 *
 * Contravariant in `Message`: every pid is a `Pid` (that is `Pid<never>`), which can be monitored
 * and stopped but sent nothing.
 * @see Erlang reference manual, "Processes"
 */
export interface Pid<in Message = never> {
  /** Unique within the system, counted from 1. */
  readonly id: number;
  /**
   * Exists in types alone: says which messages may be sent, and keeps other objects with an `id`
   * from being taken for pids.
   */
  readonly [accepts]: (message: Message) => void;
  toString(): string;
}

/** Names one monitor; equal to itself alone. */
export class Ref {
  static {
    setBrand(this, 'ref');
  }

  toString(): string {
    return '#Ref<>';
  }
}
