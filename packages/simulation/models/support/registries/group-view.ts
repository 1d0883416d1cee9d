import type { Groups, Pid } from '@reprise/actor';

/**
 * The knowledge of the owner of a monitor of a group: the members at its start, and the changes.
 */
export class GroupView {
  readonly owner: Pid;
  readonly group: string;
  members: readonly Pid[];

  constructor(owner: Pid, group: string, members: readonly Pid[]) {
    this.owner = owner;
    this.group = group;
    this.members = members;
  }

  /** False for the leave of a process that was no member. */
  hears({ type, pids }: Groups.Message): boolean {
    if (type === 'join') {
      this.members = [...this.members, ...pids];
      return true;
    }
    const members = [...this.members];
    const places = pids.map((pid) => members.splice(members.indexOf(pid) >>> 0, 1).length);
    this.members = members;
    return places.every((count) => count === 1);
  }
}
