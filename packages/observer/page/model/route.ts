export type View = 'overview' | 'processes' | 'streams' | 'crashes' | 'system';

export const views: readonly View[] = ['overview', 'processes', 'streams', 'crashes', 'system'];

/** What the address says: the view, what is selected in it, a filter, and a time in the past. */
export interface Route {
  readonly view: View;
  /** The path of a process, or the key of a group of crashes. */
  readonly selected: string | undefined;
  readonly filter: string;
  /** On the clock of the system, in ms. */
  readonly time: number | undefined;
}

export function parseRoute(hash: string): Route {
  const [, name, search = ''] = /^#?([^?]*)\??(.*)$/s.exec(hash) ?? [];
  const query = new URLSearchParams(search);
  // `Number('')` is 0.
  const time = Number(query.get('time')?.trim() || Number.NaN);
  return {
    view: views.find((view) => view === name) ?? 'overview',
    selected: query.get('selected') ?? undefined,
    filter: query.get('filter') ?? '',
    time: Number.isFinite(time) ? time : undefined,
  };
}

export function formatRoute({ view, selected, filter, time }: Route): string {
  const query = new URLSearchParams({
    ...(selected === undefined ? {} : { selected }),
    ...(filter === '' ? {} : { filter }),
    ...(time === undefined ? {} : { time: String(Math.round(time)) }),
  });
  const search = query.toString();
  return `#${view}${search === '' ? '' : `?${search}`}`;
}
