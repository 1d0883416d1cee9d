import { type Pid, processes, processInfo, type System } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

/** The processes of a system whose callbacks have not settled, a line each. */
export function waitsIn(name: string, system: System): readonly string[] {
  return processes(system).flatMap((pid) => waitOf(name, pid));
}

function waitOf(name: string, pid: Pid): readonly string[] {
  const { awaitedCallback, label } = processInfo(pid) ?? {};
  const labelled = label === undefined ? '' : ` ${describe(label)}`;
  return awaitedCallback === undefined
    ? []
    : [`${name} ${String(pid)}${labelled} waits for the promise of ${awaitedCallback}`];
}
