/** A number with thin spaces between its thousands. */
export function grouped(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, '\u2009');
}

/** A rate or a share: one digit after the point below 10. */
export function rated(value: number): string {
  if (value < 0.05) {
    return '0';
  }
  return value < 10 ? value.toFixed(1) : grouped(value);
}

/** A span of time in its two largest units: `9 min 56 s`. */
export function duration(ms: number): string {
  if (ms < 1000) {
    return `${Math.max(0, Math.round(ms))} ms`;
  }
  if (ms < 10_000) {
    return `${(ms / 1000).toFixed(1)} s`;
  }
  const [size, next] = largest(ms);
  const whole = Math.floor(ms / size.ms);
  const rest = next === undefined ? 0 : Math.floor((ms - whole * size.ms) / next.ms);
  return rest === 0 || next === undefined
    ? `${whole} ${size.name}`
    : `${whole} ${size.name} ${rest} ${next.name}`;
}

/** A span of time in one unit, for a narrow column: `12 d`. */
export function age(ms: number): string {
  const [size] = largest(Math.max(1000, ms));
  return `${Math.floor(Math.max(1000, ms) / size.ms)} ${size.short}`;
}

/** Whole seconds that are left, never below 0. */
export function countdown(ms: number): string {
  return ms > 90_000 ? duration(ms) : `${Math.max(0, Math.ceil(ms / 1000))} s`;
}

interface Unit {
  readonly ms: number;
  readonly name: string;
  readonly short: string;
}

const units: readonly Unit[] = [
  { ms: 86_400_000, name: 'd', short: 'd' },
  { ms: 3_600_000, name: 'h', short: 'h' },
  { ms: 60_000, name: 'min', short: 'm' },
  { ms: 1000, name: 's', short: 's' },
];

const second: Unit = { ms: 1000, name: 's', short: 's' };

function largest(ms: number): readonly [size: Unit, next: Unit | undefined] {
  const at = units.findIndex((unit) => ms >= unit.ms);
  return [units[at] ?? second, at === -1 ? undefined : units[at + 1]];
}

/** The time of day of the viewer. */
export function clockTime(wall: number, withSeconds = true): string {
  const date = new Date(wall);
  const parts = [date.getHours(), date.getMinutes(), ...(withSeconds ? [date.getSeconds()] : [])];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

export function utc(wall: number): string {
  return `${new Date(wall).toISOString().replace('T', ' ').slice(0, 23)} UTC`;
}

/** Controls and marks of direction, which would change how the text around them is shown. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\p{Cs}/gu;

/** Text of others, with a mark for each character that is not to be seen. */
export function visible(text: string, limit = 400): string {
  const marked = text
    .toWellFormed()
    .replaceAll(hidden, (character) =>
      character === '\n' || character === '\t' ? character : '\u{FFFD}',
    );
  return marked.length > limit ? `${marked.slice(0, limit)}…` : marked;
}

/** The last name of a path. */
export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(' / ') + (path.includes(' / ') ? 3 : 1));
}

/** A path without its top, which is the same for most. */
export function shortPath(path: string): string {
  const ids = path.split(' / ');
  return ids.length > 2 ? ids.slice(-2).join(' / ') : (ids.at(-1) ?? path);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

export function bytes(value: number): string {
  return value < 1e6 ? `${grouped(value / 1e3)} KB` : `${grouped(value / 1e6)} MB`;
}
