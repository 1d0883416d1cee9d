import { Cell } from '../process/cell.ts';

/**
 * A proxy between the owner of a stream and its tasks, linked to both. It absorbs their `EXIT`
 * messages, which the owner does not want, but passes an abnormal exit on to an owner that does not
 * trap exits.
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

  protected failed(): boolean {
    return false;
  }

  protected ended(): void {}
}
