import { clockTime } from '../model/format.ts';
import { go, hour, past, wall } from '../store.ts';
import { LiveBadge } from './head.tsx';

const width = 1200;

/** Times of a quarter of an hour in the span, as places in percent. */
export function quarters(
  from: number,
  until: number,
): readonly (readonly [place: number, text: string])[] {
  const quarter = 900_000;
  const first = Math.ceil(wall(from) / quarter) * quarter;
  const marks: (readonly [number, string])[] = [];
  for (let at = first; at <= wall(until); at += quarter) {
    const place = ((at - wall(from)) / (until - from)) * 100;
    if (place > 4 && place < 96) {
      marks.push([place, clockTime(at, false)]);
    }
  }
  return marks;
}

/** The last hour: changes as bars, crashes red. A press shows the tree as it was. */
export function HourStrip() {
  const { from, part, changes, crashes } = hour.value;
  const until = from + part * changes.length;
  const step = width / Math.max(1, changes.length);
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
        <svg
          viewBox={`0 0 ${width} 38`}
          preserveAspectRatio="none"
          role="slider"
          tabIndex={0}
          aria-label={`Time: changes of the last hour, ${total} crashes`}
          aria-valuemin={0}
          aria-valuemax={60}
          aria-valuenow={Math.round((place / width) * 60)}
          aria-valuetext={shown === undefined ? 'live' : clockTime(wall(shown.time))}
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
          <line x1="0" x2={width} y1="21.5" y2="21.5" class="base" />
          {changes.map((count, at) =>
            count === 0 ? null : (
              <rect
                key={at}
                x={at * step + 1}
                y={21 - Math.min(18, 3 + count * 1.4)}
                width={step - 2.5}
                height={Math.min(18, 3 + count * 1.4)}
                rx="1"
                fill="var(--line-2)"
              />
            ),
          )}
          {crashes.map((count, at) =>
            count === 0 ? null : (
              <rect
                key={at}
                x={at * step + 1}
                y={21 - Math.min(17, 4 + count * 2.4)}
                width={step - 2.5}
                height={Math.min(17, 4 + count * 2.4)}
                rx="1"
                fill="var(--bad-line)"
              />
            ),
          )}
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
        {quarters(from, until).map(([at, text]) => (
          <span key={text} class="tick num" style={{ left: `${at}%` }}>
            {text}
          </span>
        ))}
      </div>
      <LiveBadge />
    </div>
  );
}
