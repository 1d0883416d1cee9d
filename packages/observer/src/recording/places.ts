import { type Pid, processInfo } from '@reprise/actor';

import type { History } from '../history/history.ts';
import { pathOf, type Row } from '../history/rows.ts';

/** Where a process stands that is no child: below that row, by this name. */
export interface Place {
  readonly above: Row | undefined;
  readonly id: string;
}

/** Of a process that is no child: below its parent, by its name or label. */
export function placeOf(history: History, pid: Pid, unnamed: string): Place {
  const { parent, name, label } = processInfo(pid) ?? {};
  const above = parent && history.presenceOf(parent.id)?.row;
  const id = label === undefined ? unnamed : JSON.stringify(label).slice(0, 100);
  return { above, id: name === undefined ? id : history.nameOf(name) };
}

/** The path of any process. */
export function pathOfProcess(history: History, pid: Pid): string {
  const row = history.presenceOf(pid.id)?.row;
  if (row !== undefined) {
    return pathOf(row);
  }
  const { above, id } = placeOf(history, pid, 'a process');
  return above === undefined ? id : `${pathOf(above)} / ${id}`;
}
