import { signal } from '@preact/signals';

import { clockTime, grouped, lastOf, rated, shortPath, visible } from '../model/format.ts';
import type { Point } from '../model/samples.ts';
import { nearlyAllIn } from '../model/waiting.ts';
import { figuresVersion, hour, mirror, points, rates, vitals, wall } from '../store.ts';
import { Segments } from './marks.tsx';
import { linkTo } from './overview.tsx';

const spanned = signal<'1' | '10'>('10');

function round(value: number): number {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return Math.ceil(Math.max(value, 1) / size) * size;
}

const [left, top, high] = [44, 6, 132];
const wide = 660;

function Chart(props: {
  readonly title: string;
  readonly about?: string | undefined;
  readonly now: string;
  readonly unit: string;
  readonly of: (point: Point) => number;
  readonly dashed?: (point: Point) => number;
  readonly color?: string;
}) {
  const { title, about, now, unit, of, dashed, color = 'var(--accent)' } = props;
  const shown = points.value.slice(spanned.value === '1' ? -120 : -1200);
  const all = shown.map(of);
  const max = round(Math.max(...all, ...(dashed === undefined ? [] : shown.map(dashed)), 0.1));
  const x = (at: number): number => left + (at / Math.max(1, shown.length - 1)) * (wide - left);
  const y = (value: number): number => top + high - (value / max) * high;
  const path = (values: readonly number[]): string =>
    values.length === 0
      ? ''
      : `M${values.map((value, at) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('L')}`;
  const least = Math.min(...all, Infinity);
  const label = `${title}: now ${now} ${unit}, least ${rated(Number.isFinite(least) ? least : 0)}, most ${rated(Math.max(...all, 0))}`;
  return (
    <div class="chart">
      <div class="t">
        <h2>{title}</h2>
        {about !== undefined && <span class="quiet ellipsis">{about}</span>}
        <span class="now num">
          {now} <span class="quiet unit">{unit}</span>
        </span>
      </div>
      <svg viewBox={`0 0 ${wide} 158`} role="img" aria-label={label}>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line x1={left} x2={wide} y1={y(max * part)} y2={y(max * part)} stroke="var(--line)" />
            <text x={left - 8} y={y(max * part) + 4} text-anchor="end">
              {max * part < 10 && max * part !== 0 ? rated(max * part) : grouped(max * part)}
            </text>
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75].map((part) => {
          const point = shown[Math.floor(part * (shown.length - 1))];
          return point === undefined ? null : (
            <text
              key={part}
              x={left + (wide - left) * part}
              y="156"
              text-anchor={part === 0 ? 'start' : 'middle'}
            >
              {clockTime(wall(point.at))}
            </text>
          );
        })}
        <text x={wide} y="156" text-anchor="end">
          now
        </text>
        {shown.length > 1 && (
          <>
            <path
              d={`${path(all)}L${wide} ${top + high}L${left} ${top + high}Z`}
              fill={color}
              opacity="0.08"
            />
            <path
              d={path(all)}
              fill="none"
              stroke={color}
              stroke-width="1.6"
              stroke-linejoin="round"
            />
            {dashed !== undefined && (
              <path
                d={path(shown.map(dashed))}
                fill="none"
                stroke="var(--ink-3)"
                stroke-width="1.6"
                stroke-dasharray="3 4"
              />
            )}
          </>
        )}
      </svg>
    </div>
  );
}

function Tops(props: {
  readonly title: string;
  readonly unit: string;
  readonly items: readonly (readonly [path: string, value: number])[];
  /** Default: with one digit after the point below 10. */
  readonly format?: (value: number) => string;
  /** From this value on a bar is a warning. */
  readonly warnFrom?: number;
}) {
  const { title, unit, items, format = rated, warnFrom = Infinity } = props;
  const max = Math.max(...items.map(([, value]) => value), 1e-9);
  return (
    <section>
      <div class="section">
        <h2>{title}</h2>
        <span class="quiet more">{unit}</span>
      </div>
      {items.map(([path, value], at) => (
        <div class="top-row" key={at}>
          <a href={linkTo({ view: 'processes', selected: path })}>{visible(shortPath(path), 60)}</a>
          <span class="b">
            <i
              class={value >= warnFrom ? 'warn-bar' : ''}
              style={{ width: `${(value / max) * 100}%` }}
            />
          </span>
          <span class="num value">{format(value)}</span>
        </div>
      ))}
      {items.length === 0 && <p class="none">none</p>}
    </section>
  );
}

/** So many that wait are a warning. */
const manyMessages = 1000;

/** Whose mailbox nearly all waiting messages are in. */
function fullest(): string | undefined {
  const path = vitals.value && nearlyAllIn(vitals.value);
  return path === undefined ? undefined : `nearly all in ${visible(lastOf(path), 60)}`;
}

export function System() {
  void figuresVersion.value;
  const last = points.value.at(-1);
  const first = points.value[0];
  const measured = [...rates.all].map(([row, figures]) => [mirror.pathOf(row), figures] as const);
  const by = (value: (figures: (typeof measured)[number][1]) => number) =>
    measured
      .map(([path, figures]) => [path, value(figures)] as const)
      .filter(([, amount]) => amount >= 0.05)
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, 6);
  return (
    <>
      <div class="tools">
        <h1>System</h1>
        <span class="quiet">
          measured while somebody looks
          {first === undefined ? '' : `: since ${clockTime(wall(first.at))}`}
        </span>
        <div class="spacer" />
        <Segments
          label="Span"
          options={[
            ['1', '1 min'],
            ['10', '10 min'],
          ]}
          value={spanned.value}
          onPick={(value) => {
            spanned.value = value;
          }}
        />
      </div>
      <div class="charts">
        <Chart
          title="Event loop delay"
          about="p99 of each half second"
          now={(last?.loopDelay ?? 0).toFixed(1)}
          unit="ms"
          of={({ loopDelay }) => loopDelay}
        />
        <Chart
          title="Messages handled"
          now={rated(last?.handled ?? 0)}
          unit="/s"
          of={({ handled }) => handled}
        />
        <Chart
          title="Messages waiting"
          about={fullest()}
          now={grouped(last?.messages ?? 0)}
          unit=""
          of={({ messages }) => messages}
          color={(last?.messages ?? 0) >= manyMessages ? 'var(--warn)' : 'var(--accent)'}
        />
        <Chart
          title="Heap used"
          about="dashed: heap total"
          now={grouped((vitals.value?.heapUsed ?? 0) / 1e6)}
          unit="MB"
          of={({ heapUsed }) => heapUsed / 1e6}
          dashed={({ heapTotal }) => heapTotal / 1e6}
        />
      </div>
      <div class="tops">
        <Tops title="Busiest" unit="% of the thread" items={by(({ busy = 0 }) => busy)} />
        <Tops
          title="Longest queues"
          unit="messages"
          items={by(({ queue }) => queue)}
          format={grouped}
          warnFrom={manyMessages}
        />
        <Tops
          title="Slow callbacks, last hour"
          unit="ms"
          items={hour.value.slowest.map(({ path, ms }) => [path, ms] as const)}
          format={grouped}
        />
      </div>
    </>
  );
}
