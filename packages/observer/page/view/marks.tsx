import type { ComponentChildren } from 'preact';

import { countdown } from '../model/format.ts';
import { now } from '../store.ts';

export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <rect x="3" y="3" width="3.6" height="16" rx="1" fill="var(--ink)" />
      <rect x="8.6" y="3" width="1.5" height="16" rx="0.75" fill="var(--ink)" />
      <circle cx="15" cy="7.6" r="2" fill="var(--accent)" />
      <circle cx="15" cy="14.4" r="2" fill="var(--accent)" />
    </svg>
  );
}

export function SearchIcon() {
  return (
    <svg width="15" height="15" viewBox="0 0 15 15" class="stroke" aria-hidden="true">
      <circle cx="6.5" cy="6.5" r="4.2" />
      <path d="M9.8 9.8 13 13" />
    </svg>
  );
}

/** `critical` is a square, `warning` a ring: they differ without colour, too. */
export function LevelMark({ level }: { readonly level: 'critical' | 'warning' }) {
  return level === 'critical' ? (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      class="mark"
      role="img"
      aria-label="needs a person"
    >
      <rect x="1" y="1" width="16" height="16" rx="4" fill="var(--bad-line)" />
      <path d="M9 4.6v5.2M9 12.6v.2" stroke="#fff" stroke-width="2" stroke-linecap="round" />
    </svg>
  ) : (
    <svg
      width="18"
      height="18"
      viewBox="0 0 18 18"
      class="mark"
      role="img"
      aria-label="to be watched"
    >
      <circle cx="9" cy="9" r="7" fill="none" stroke="var(--warn-line)" stroke-width="2" />
      <path
        d="M9 5.4V9l2.6 1.8"
        stroke="var(--warn-line)"
        stroke-width="2"
        stroke-linecap="round"
        fill="none"
      />
    </svg>
  );
}

const colors = {
  crash: 'var(--bad-line)',
  lost: 'var(--warn-line)',
  connected: 'var(--up-2)',
  end: 'var(--line-2)',
} as const;

export function ChangeMark({ kind }: { readonly kind: keyof typeof colors }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" class="change-mark" aria-hidden="true">
      {kind === 'crash' ? (
        <rect width="10" height="10" rx="2.5" fill={colors[kind]} />
      ) : (
        <circle cx="5" cy="5" r="3.75" fill="none" stroke={colors[kind]} stroke-width="1.8" />
      )}
    </svg>
  );
}

/** A supervisor's restarts that count, of those that it allows. */
export function Meter(props: {
  readonly counting: number;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
}) {
  const { counting, maxRestarts, maxSeconds } = props;
  const shown = Math.min(maxRestarts, 10);
  const on = Math.min(shown, Math.ceil((counting / Math.max(1, maxRestarts)) * shown));
  const text = `${counting} of ${maxRestarts} restarts in ${maxSeconds} s`;
  return (
    <span class="meter" role="img" aria-label={text} title={text}>
      {Array.from({ length: shown }, (_, at) => (
        <i key={at} class={at < on ? `on ${counting >= maxRestarts ? 'hot' : ''}` : ''} />
      ))}
    </span>
  );
}

/** Whole seconds until `at`. */
export function Countdown({ at }: { readonly at: number }) {
  return <span class="num">{countdown(at - now.value)}</span>;
}

/** Silence as a ring that fills towards the time at which the client hangs up. */
export function SilenceRing({ part, isLong }: { readonly part: number; readonly isLong: boolean }) {
  const around = 2 * Math.PI * 6.2;
  const filled = Math.min(1, Math.max(0, part));
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="var(--line-2)" stroke-width="2.4" />
      {filled > 0.004 && (
        <circle
          cx="8"
          cy="8"
          r="6.2"
          fill="none"
          stroke={isLong ? 'var(--warn-line)' : 'var(--up)'}
          stroke-width="2.4"
          stroke-dasharray={`${around * filled} ${around}`}
        />
      )}
    </svg>
  );
}

export interface CurveProps {
  readonly values: readonly number[];
  readonly color?: string;
  readonly min?: number;
  readonly max?: number;
  readonly width?: number;
  readonly height?: number;
  readonly isFilled?: boolean;
  /** The part of the width before which nothing was measured. */
  readonly opened?: number;
}

/** A small curve; its numbers stand beside it as text. */
export function Curve(props: CurveProps) {
  const { values, color = 'var(--accent)', width = 160, height = 30, isFilled = true } = props;
  const { opened = 0, min = 0, max = Math.max(...values, 1e-9) } = props;
  const from = opened * width;
  const points = values.map((value, at) => {
    const x = from + (at / Math.max(1, values.length - 1)) * (width - from);
    const y = height - 2 - ((Math.min(value, max) - min) / (max - min || 1)) * (height - 4);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  const path = points.length === 0 ? '' : `M${points.join('L')}`;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {opened > 0 && <path d={`M0 ${height - 2}H${from}`} class="dotted" />}
      {isFilled && path !== '' && (
        <path d={`${path}L${width} ${height}L${from} ${height}Z`} fill={color} opacity="0.09" />
      )}
      <path d={path} fill="none" stroke={color} class="curve" />
    </svg>
  );
}

/** Counts as bars. */
export function Bars(props: {
  readonly counts: readonly number[];
  readonly width?: number;
  readonly height?: number;
  /** From this count on a bar is red. */
  readonly hot?: number;
}) {
  const { counts, width = 92, height = 26, hot = Infinity } = props;
  const max = Math.max(...counts, 1);
  const step = width / Math.max(1, counts.length);
  return (
    <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {counts.map((count, at) => {
        const size = count === 0 ? 1 : Math.max(3, (count / max) * height);
        const color =
          count === 0 ? 'var(--line-2)' : count >= hot ? 'var(--bad-line)' : 'var(--ink-3)';
        return (
          <rect
            key={at}
            x={at * step + 0.5}
            y={height - size}
            width={Math.max(1, step - 1.5)}
            height={size}
            rx="1"
            fill={color}
          />
        );
      })}
    </svg>
  );
}

export function Field(props: {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly id?: string;
}) {
  return (
    <label class="field">
      <SearchIcon />
      <input
        type="search"
        id={props.id}
        placeholder={props.label}
        aria-label={props.label}
        value={props.value}
        onInput={(event) => {
          props.onInput(event.currentTarget.value);
        }}
      />
    </label>
  );
}

export function Chip(props: {
  readonly isOn: boolean;
  readonly onPress: () => void;
  readonly count: number;
  readonly tone?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <button type="button" class="chip" aria-pressed={props.isOn} onClick={props.onPress}>
      {props.children} <span class={`n num ${props.tone ?? ''}`}>{props.count}</span>
    </button>
  );
}

export function Segments<Value extends string>(props: {
  readonly label: string;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly value: Value;
  readonly onPick: (value: Value) => void;
}) {
  return (
    <div class="seg" role="group" aria-label={props.label}>
      {props.options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === props.value}
          onClick={() => {
            props.onPick(value);
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
