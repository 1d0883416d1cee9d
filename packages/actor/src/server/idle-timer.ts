import { Timer } from '../host/timers.ts';
import type { Cell } from '../process/cell.ts';

/**
 * The timer of an answer with `{ timeout }`. When it fires, it puts itself into the mailbox, behind
 * the messages that came first.
 */
export class IdleTimer extends Timer {
  readonly #server: Cell;

  constructor(server: Cell) {
    super();
    this.#server = server;
  }

  fire(): void {
    this.#server.pushSystem(this);
  }
}

/** Whether a message is an idle timer; `undefined` for one that cannot be read at all. */
export function isIdleTimer(message: unknown): boolean | undefined {
  try {
    return message instanceof IdleTimer;
  } catch {
    return undefined;
  }
}
