import type { System } from '@reprise/actor';

import { type LookedAt, restartedChild, type RestartedChild } from '../look/process-look.ts';
import { Supervisors } from '../look/supervisors.ts';
import type { CrashGroup } from '../recording/crash-book.ts';
import type { Recorded } from '../recording/record.ts';

/** Crashes as a page gets them. */
export interface ToldCrashes extends CrashGroup {
  /**
   * The restart that followed the last of them, if that is the newest crash of its path and was
   * within the last ten minutes.
   */
  readonly restart: RestartedChild | undefined;
}

/** The newest first. */
export function crashesOf(system: System, recorded: Recorded): readonly ToldCrashes[] {
  const { history } = recorded.recorder;
  const at = { supervisors: new Supervisors(system), history, now: system.clock.now() };
  const paths = new Set<string>();
  return recorded.crashes.map((group) => {
    const isNewest = !paths.has(group.path);
    paths.add(group.path);
    return { ...group, restart: isNewest ? restartAfter(recorded, group, at) : undefined };
  });
}

function restartAfter(
  { trouble }: Recorded,
  { path, lastAt, last }: CrashGroup,
  at: LookedAt,
): RestartedChild | undefined {
  const child = restartedChild(path, trouble, at);
  // Of crashes within a second one has a report: it is not that of the last one.
  return child !== undefined && child.at >= lastAt && last.at >= lastAt ? child : undefined;
}
