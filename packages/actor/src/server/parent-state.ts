import type { Pid } from '../process/pid.ts';

/** The state of a server that has children. */
export abstract class ParentState {
  /** The id of the child that runs as `pid`: reports of that process name it. */
  abstract idOfChild(pid: Pid): string | undefined;
}
