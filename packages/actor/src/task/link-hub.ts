import { Cell } from '../process/cell.ts';

/**
 * Stands between the owner and its tasks: linked to both, it takes what their ends would put into
 * the owner's mailbox, and lets them end the owner exactly when it does not trap exits.
 */
export class TaskHub extends Cell {
  constructor(owner: Cell) {
    super(owner.runtime, owner);
    this.trapExit = owner.trapExit;
    owner.link(this);
  }

  protected turn(): boolean {
    this.mailbox.clear();
    return false;
  }

  protected failed(): void {}

  protected ended(): void {}
}
