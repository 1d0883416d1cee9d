import { restartedChild, type RestartedChild } from '../look/process-look.ts';
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
export function crashesOf(recorded: Recorded, now: number): readonly ToldCrashes[] {
  const paths = new Set<string>();
  return recorded.crashes.map((group) => {
    const isNewest = !paths.has(group.path);
    paths.add(group.path);
    return { ...group, restart: isNewest ? restartAfter(recorded, group, now) : undefined };
  });
}

function restartAfter(
  { trouble, recorder: { history } }: Recorded,
  { path, lastAt, last }: CrashGroup,
  now: number,
): RestartedChild | undefined {
  const child = restartedChild(path, trouble, history, now);
  // Of crashes within a second one has a report: it is not that of the last one.
  return child !== undefined && child.at >= lastAt && last.at >= lastAt ? child : undefined;
}
