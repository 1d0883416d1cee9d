import { clockTime } from '../model/format.ts';
import { quarters } from '../model/quarters.ts';
import { go, hour, past, wall } from '../store.ts';
import { LiveBadge } from './head.tsx';

const width = 1200;

/** The time at which a span begins, and those of a quarter of an hour in it. */
export function Times({
  from,
  until,
  end = '',
}: {
  readonly from: number;
  readonly until: number;
  /** What stands at its end. */
  readonly end?: string;
}) {
  return (
    <>
      <span class="tick num">{clockTime(wall(from), false)}</span>
      {quarters(wall(from), wall(until)).map(([place, at]) => (
        // By a transform: a tick that glides shifts no layout.
        <span
          key={at}
          class="tick num"
          style={{ transform: `translateX(calc(${place}cqw - 50%))` }}
        >
          {clockTime(at, false)}
        </span>
      ))}
      {end !== '' && <span class="tick last">{end}</span>}
    </>
  );
}

/** A bar for each part of the hour in which something happened. */
function Parts(props: {
  readonly counts: readonly number[];
  readonly tall: number;
  /** The height of a single one, and by how much each more is higher. */
  readonly least: number;
  readonly each: number;
  readonly fill: string;
}) {
  const { counts, tall, least, each, fill } = props;
  const step = width / Math.max(1, counts.length);
  return (
    <>
      {counts.map((count, at) => {
        const height = Math.min(tall, least + count * each);
        return count === 0 ? null : (
          <rect
            key={at}
            x={at * step + 1}
            y={21 - height}
            width={step - 2.5}
            height={height}
            rx="1"
            fill={fill}
          />
        );
      })}
    </>
  );
}

/** The keys of a slider: half a minute, or to an end. */
function step(
  event: KeyboardEvent,
  span: { readonly from: number; readonly until: number; readonly part: number },
): void {
  const { from, until, part } = span;
  const time = past.value?.time ?? until;
  const times: Readonly<Record<string, number>> = {
    ArrowLeft: time - part,
    ArrowRight: time + part,
    Home: from,
    End: until,
  };
  const next = times[event.key];
  if (next !== undefined) {
    event.preventDefault();
    go({ time: next >= until ? undefined : Math.max(from, next) });
  }
}

/** The last hour: changes as bars, crashes red. A press shows the tree as it was. */
export function HourStrip() {
  const { from, part, changes, crashes } = hour.value;
  const until = from + part * changes.length;
  const shown = past.value;
  const place = shown === undefined ? width : ((shown.time - from) / (until - from)) * width;
  const jump = (event: { readonly clientX: number; readonly currentTarget: Element }): void => {
    const { left, width: wide } = event.currentTarget.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / wide));
    go({ time: share > 0.995 ? undefined : from + share * (until - from) });
  };
  const total = crashes.reduce((sum, count) => sum + count, 0);
  return (
    <div class="hour">
      <div class="strip">
        <div
          class="slider"
          role="slider"
          tabIndex={0}
          aria-label={`Time: changes of the last hour, ${total} crashes`}
          aria-valuemin={0}
          aria-valuemax={60}
          aria-valuenow={Math.round((place / width) * 60)}
          aria-valuetext={shown === undefined ? 'live' : clockTime(wall(shown.time))}
          onKeyDown={(event) => {
            step(event, { from, until, part });
          }}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            jump(event);
          }}
          onPointerMove={(event) => {
            if (event.buttons === 1) {
              jump(event);
            }
          }}
        >
          <svg viewBox={`0 0 ${width} 38`} preserveAspectRatio="none" aria-hidden="true">
            <line x1="0" x2={width} y1="21.5" y2="21.5" class="base" />
            <Parts counts={changes} tall={18} least={3} each={1.4} fill="var(--line-2)" />
            <Parts counts={crashes} tall={17} least={4} each={2.4} fill="var(--bad-line)" />
            {shown !== undefined && (
              <rect
                x="0"
                y="0"
                width={Math.max(0, place)}
                height="21"
                fill="var(--accent)"
                opacity="0.07"
              />
            )}
            <line x1={place} x2={place} y1="0" y2="24" class="cursor" />
          </svg>
        </div>
        <Times from={from} until={until} />
      </div>
      <LiveBadge />
    </div>
  );
}
