const units: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** A duration for a person, in its two greatest units: `3 min 41 s`; below 10 s with a decimal. */
export function durationText(ms: number): string {
  if (ms < 10_000) {
    return `${Math.round(ms / 100) / 10} s`;
  }
  const parts: string[] = [];
  let left = Math.round(ms / 1000) * 1000;
  const first = units.findIndex(([, length]) => left >= length);
  for (const [name, length] of units.slice(first, first + 2)) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) {
      parts.push(`${count} ${name}`);
    }
  }
  return parts.join(' ');
}
