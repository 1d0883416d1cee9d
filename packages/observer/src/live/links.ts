import { type Pid, processes, processInfo, type System } from '@reprise/actor';

/** Which processes are linked, and which monitor others, by their numbers. */
export interface Links {
  /** Each pair once, the older process first. */
  readonly links: readonly (readonly [pid: number, other: number])[];
  readonly monitors: readonly (readonly [watcher: number, watched: number])[];
}

/** So many of each are told. */
const most = 20_000;

/** The links and monitors of a system, without those of its root. */
export function linksOf(system: System): Links {
  const links: (readonly [number, number])[] = [];
  const monitors: (readonly [number, number])[] = [];
  for (const pid of processes(system)) {
    const info = pid === system.pid ? undefined : processInfo(pid);
    if (info !== undefined) {
      links.push(
        ...othersOf(system, info.links)
          .filter((id) => id > pid.id)
          .map((id) => [pid.id, id] as const),
      );
      monitors.push(...othersOf(system, info.monitors).map((id) => [pid.id, id] as const));
    }
  }
  return { links: links.slice(0, most), monitors: monitors.slice(0, most) };
}

function othersOf(system: System, pids: readonly Pid[]): readonly number[] {
  return pids.filter((pid) => pid !== system.pid).map(({ id }) => id);
}
