const quarter = 900_000;
/** A time that is nearer to an end of the span has no room beside it on a phone, in percent. */
const least = 19;

/** The place of the first quarter of an hour: the next are 25 % farther each in an hour. */
export function firstPlace(from: number, until: number): number {
  return ((firstQuarter(from) - from) / Math.max(1, until - from)) * 100;
}

/** The quarters of an hour in a span of wall time, with their places in percent. */
export function quarters(
  from: number,
  until: number,
): readonly (readonly [place: number, at: number])[] {
  const first = firstQuarter(from);
  const count = Math.max(0, Math.floor((until - first) / quarter) + 1);
  return Array.from({ length: count }, (_, at) => first + at * quarter)
    .map((at) => [((at - from) / (until - from)) * 100, at] as const)
    .filter(([place]) => place > least && place < 100 - least);
}

function firstQuarter(from: number): number {
  return Math.ceil(from / quarter) * quarter;
}
