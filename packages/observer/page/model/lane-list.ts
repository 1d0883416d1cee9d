import type { Lane } from '@reprise/observer/wire';

import { groupsOf } from './lanes.ts';

/** Streams in a list: those that need a look, or those below one supervisor. */
export interface LaneGroup {
  readonly name: string;
  /** Those that are shown. */
  readonly lanes: readonly Lane[];
  /** How many are folded away, none of which was interrupted. */
  readonly folded: number;
  /** How many there are below the supervisor, those that need a look among them. */
  readonly all: number;
}

export interface LaneListOptions {
  readonly needsLook: (lane: Lane) => boolean;
  /** How often it was interrupted. */
  readonly losses: (lane: Lane) => number;
  /** Whether all lanes of a group are to be shown. */
  readonly isOpen: (name: string) => boolean;
  /** So many lanes are shown in all. */
  readonly most: number;
}

export interface LaneList {
  readonly groups: readonly LaneGroup[];
  /** How many lanes there is no room for. */
  readonly left: number;
}

/** The group of those that need a look. */
const urgentName = 'Need a look';
/** A group with more lanes is folded, to those that were interrupted and to so many. */
const fewUnfolded = 12;
const fewFolded = 9;

/** What needs a look comes first; of a large group, what was interrupted. */
export function laneList(lanes: readonly Lane[], options: LaneListOptions): LaneList {
  const urgent = lanes.filter(options.needsLook);
  const first: readonly LaneGroup[] =
    urgent.length === 0 ? [] : [{ name: urgentName, lanes: urgent, folded: 0, all: urgent.length }];
  const isUrgent = new Set(urgent);
  const groups = groupsOf(lanes).map(([name, all]) => {
    const others = all.filter((lane) => !isUrgent.has(lane));
    return groupOf(name, others, all.length, options);
  });
  return cut([...first, ...groups.filter((group) => group.lanes.length > 0)], options.most);
}

function groupOf(
  name: string,
  lanes: readonly Lane[],
  all: number,
  { losses, isOpen }: LaneListOptions,
): LaneGroup {
  const sorted = lanes.toSorted((a, b) => losses(b) - losses(a));
  const interrupted = sorted.filter((lane) => losses(lane) > 0).length;
  const isFolded = sorted.length > fewUnfolded && !isOpen(name);
  const count = isFolded ? Math.max(interrupted, fewFolded) : sorted.length;
  return { name, lanes: sorted.slice(0, count), folded: Math.max(0, sorted.length - count), all };
}

function cut(groups: readonly LaneGroup[], most: number): LaneList {
  let left = most;
  const shown = groups.map((group) => {
    const lanes = group.lanes.slice(0, left);
    left -= lanes.length;
    return { ...group, lanes };
  });
  const missing = groups.reduce((sum, { lanes }) => sum + lanes.length, 0) - (most - left);
  return { groups: shown.filter(({ lanes }) => lanes.length > 0), left: missing };
}
