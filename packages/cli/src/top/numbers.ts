/** A number with spaces between its thousands. */
export function grouped(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');
}

/** A rate or a share: one digit after the point below 10. */
export function rated(value: number | undefined): string {
  if (value === undefined) {
    return '';
  }
  if (value < 0.05) {
    return '0';
  }
  return value < 10 ? value.toFixed(1) : grouped(value);
}

/** A span of time in its two largest units: `9 min 56 s`. */
export function duration(ms: number): string {
  const at = Math.max(
    0,
    units.findIndex((unit) => ms >= unit.ms),
  );
  const size = ms < 1000 ? second : (units[at] ?? second);
  const next = units[units.indexOf(size) + 1];
  const whole = Math.floor(Math.max(0, ms) / size.ms);
  const rest = next === undefined ? 0 : Math.floor((ms - whole * size.ms) / next.ms);
  return rest === 0 || next === undefined
    ? `${whole} ${size.name}`
    : `${whole} ${size.name} ${rest} ${next.name}`;
}

/** In the largest unit alone, for a narrow column: `12 d`. */
export function age(ms: number): string {
  return duration(ms)
    .replace(/^(\d+ \w+) .*/, '$1')
    .replace('min', 'm');
}

/** Whole seconds that are left, never below 0. */
export function countdown(ms: number): string {
  return ms > 90_000 ? duration(ms) : `${Math.max(0, Math.ceil(ms / 1000))} s`;
}

/** The time of day of the viewer. */
export function timeOfDay(wall: number): string {
  const date = new Date(wall);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

const second = { ms: 1000, name: 's' };
const units = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
  second,
];
