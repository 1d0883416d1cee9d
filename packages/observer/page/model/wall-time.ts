/**
 * A time of the system's clock as a time of day, by the last look. Spans are made of the system's
 * clock alone: the one that a person sets may jump.
 */
export function wallTime(at: number, seen: { readonly at: number; readonly wall: number }): number {
  return seen.wall + at - seen.at;
}
