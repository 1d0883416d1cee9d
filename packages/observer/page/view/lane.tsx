import type { Lane, Stream } from '@reprise/observer/wire';

import { shortPath, visible } from '../model/format.ts';
import { groupsOf, type Mark, marksOf } from '../model/lanes.ts';
import { hour, lanes, now, past, streamOf } from '../store.ts';

export function span(): readonly [from: number, until: number] {
  const until = past.value?.time ?? now.value;
  const { part, changes } = hour.value;
  return [until - part * Math.max(1, changes.length), until];
}

/** Since when a stream is silent for longer than it may be without a word, if it is. */
export function silentSince(stream: Stream | undefined): number | undefined {
  if (stream?.state !== 'connected' || stream.heardAt === undefined || past.value !== undefined) {
    return undefined;
  }
  const silence = now.value - stream.heardAt;
  const { idleTimeout = Infinity, usualGap = 0 } = stream;
  const isLong = silence > 30_000 && silence > idleTimeout / 2 && silence > usualGap * 20;
  return isLong ? stream.heardAt : undefined;
}

function percent(value: number): string {
  return `${value.toFixed(3)}%`;
}

/** Places are in percent: nothing is drawn anew when the window changes. */
function MarkShape({
  mark,
  middle,
  bar,
}: {
  readonly mark: Mark;
  readonly middle: number;
  readonly bar: number;
}) {
  switch (mark.type) {
    case 'connected':
      return (
        <rect
          x={percent(mark.from)}
          y={middle - bar / 2}
          width={percent(Math.max(0.15, mark.to - mark.from))}
          height={bar}
          rx={bar / 2}
          fill="var(--up)"
        />
      );
    case 'thread':
      return (
        <rect
          x={percent(mark.from)}
          y={middle - 0.75}
          width={percent(Math.max(0.1, mark.to - mark.from))}
          height="1.5"
          fill="var(--wait)"
        />
      );
    case 'attempt':
      return (
        <circle
          cx={percent(mark.at)}
          cy={middle}
          r="2.75"
          fill="var(--bg)"
          stroke="var(--wait)"
          stroke-width="1.5"
        />
      );
    default:
      return (
        <rect
          x={percent(mark.at)}
          y={middle - 6}
          width="2"
          height="12"
          rx="1"
          fill={mark.type === 'ignored' ? 'var(--bad-line)' : 'var(--wait)'}
        >
          <title>{visible(mark.title)}</title>
        </rect>
      );
  }
}

/** The part of a lane, up to now, in which nothing has come for too long. */
function SilenceShape({
  since,
  middle,
  bar,
}: {
  readonly since: number;
  readonly middle: number;
  readonly bar: number;
}) {
  const [from, until] = span();
  const at = Math.max(0, ((since - from) / (until - from)) * 100);
  return (
    <rect
      x={percent(at)}
      y={middle - bar / 2}
      width={percent(Math.max(0.3, 99.8 - at))}
      height={bar}
      rx={bar / 2}
      fill="var(--warn-soft)"
      stroke="var(--warn-line)"
      stroke-width="1.5"
    />
  );
}

/** A lane of one stream: connected is a bar, silence hollow, waiting a thread, an attempt a ring. */
export function LaneShape({
  lane,
  stream,
}: {
  readonly lane: Lane;
  readonly stream: Stream | undefined;
}) {
  const marks = marksOf(lane, ...span());
  const since = silentSince(stream);
  const losses = marks.filter(({ type }) => type === 'loss').length;
  const label = `${visible(shortPath(lane.path), 80)}: ${losses} interruptions in the last hour${since === undefined ? '' : ', silent now'}`;
  return (
    <svg width="100%" height="16" role="img" aria-label={label}>
      {marks.map((mark, index) => (
        <MarkShape key={index} mark={mark} middle={8} bar={6} />
      ))}
      {since !== undefined && <SilenceShape since={since} middle={8} bar={6} />}
    </svg>
  );
}

const mostThin = 40;

const pitch = 7;

function ThinLane({ lane, middle }: { readonly lane: Lane; readonly middle: number }) {
  const since = silentSince(streamOf.value.get(lane.pid ?? 0));
  return (
    <>
      {marksOf(lane, ...span())
        .filter(({ type }) => type === 'connected' || type === 'thread')
        .map((mark, at) => (
          <MarkShape key={at} mark={mark} middle={middle} bar={3} />
        ))}
      {since !== undefined && <SilenceShape since={since} middle={middle} bar={4} />}
    </>
  );
}

/** All streams as thin lanes, in groups. */
export function ThinLanes() {
  return (
    <div class="loom">
      {groupsOf(lanes.value.slice(0, mostThin)).map(([name, group]) => [
        <div key={`${name} name`} class="g">
          {visible(name, 30)}
          <div class="quiet num">{group.length}</div>
        </div>,
        <svg
          key={name}
          width="100%"
          height={Math.max(30, group.length * pitch + 8)}
          role="img"
          aria-label={`${visible(name, 30)}: ${group.length} streams in the last hour`}
        >
          {group.map((lane, index) => (
            <ThinLane key={lane.path} lane={lane} middle={index * pitch + 4} />
          ))}
        </svg>,
      ])}
    </div>
  );
}
