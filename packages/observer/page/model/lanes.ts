import type { Lane, Phase } from '@reprise/observer/wire';

/** A part of a lane. Places are in percent of the hour. */
export type Mark =
  | {
      readonly type: 'connected' | 'thread';
      readonly from: number;
      readonly to: number;
      readonly title: string;
    }
  | { readonly type: 'loss' | 'attempt' | 'ignored'; readonly at: number; readonly title: string };

/** How a stream was over a span of time. */
export function marksOf(
  { phases, ignored }: Lane,
  from: number,
  until: number,
  reasonText: (reason: string) => string = (reason) => reason,
): readonly Mark[] {
  const x = (time: number): number =>
    Math.min(100, Math.max(0, ((time - from) / (until - from)) * 100));
  const marks = phases
    .filter(({ to = until, from: begin }) => to > from && begin < until)
    .flatMap((phase) => marksOfPhase(phase, x, until, reasonText));
  return [
    ...marks,
    ...ignored
      .filter(({ at }) => at > from && at <= until)
      .map(({ at, text }) => ({ type: 'ignored' as const, at: x(at), title: text })),
  ];
}

function marksOfPhase(
  { type, from, to, reason = '' }: Phase,
  x: (time: number) => number,
  until: number,
  reasonText: (reason: string) => string,
): readonly Mark[] {
  const [begin, end] = [x(from), x(Math.min(to ?? until, until))];
  const title = reason === '' ? '' : reasonText(reason);
  if (type === 'connected') {
    const bar: Mark = { type, from: begin, to: end, title };
    return to !== undefined && to <= until && reason !== ''
      ? [bar, { type: 'loss', at: end, title }]
      : [bar];
  }
  const thread: Mark = { type: 'thread', from: begin, to: end, title };
  return type === 'connecting' ? [thread, { type: 'attempt', at: begin, title }] : [thread];
}

/** How often it was lost. */
export function lossesOf({ phases }: Lane): readonly Phase[] {
  return phases.filter(
    ({ type, to, reason }) => type === 'connected' && to !== undefined && reason !== undefined,
  );
}

/** Groups of streams by what is above them, in the order of their first ones. */
export function groupsOf(
  all: readonly Lane[],
): readonly (readonly [name: string, lanes: readonly Lane[]])[] {
  const groups = new Map<string, Lane[]>();
  for (const lane of all) {
    const ids = lane.path.split(' / ');
    const name = ids.at(-2) ?? ids[0] ?? '';
    const group = groups.get(name) ?? [];
    group.push(lane);
    groups.set(name, group);
  }
  return [...groups];
}
