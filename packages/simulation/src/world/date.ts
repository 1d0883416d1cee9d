import { currentHost, type NodeHost } from './node-host.ts';
import type { Replacements } from './replacement.ts';

/** `Date`, and `Temporal.Now` where the host has it: in a node they tell its wall clock. */
export function replaceDate(replacements: Replacements): void {
  const Host = globalThis.Date;
  // On the class of the host, for code that has kept the class from before.
  replacements.replaceMethod<() => number>(
    Host,
    'now',
    (now) => () => currentHost()?.clock.date() ?? now(),
  );
  const NodeDate = new Proxy(Host, { construct: constructDate, apply: textOfDate });
  replacements.replace(globalThis, 'Date', () => NodeDate);
  replacements.replace(Host.prototype, 'constructor', () => NodeDate);
  replaceTemporal(replacements);
}

function constructDate(Host: DateConstructor, given: unknown[], target: Function): object {
  const node = given.length === 0 ? currentHost() : undefined;
  return Reflect.construct(
    Host,
    node === undefined ? given : [node.clock.date()],
    target,
  ) as object;
}

/** `Date()` without `new` is a text, whatever it is given. */
function textOfDate(Host: DateConstructor): string {
  const node = currentHost();
  return node === undefined ? Host() : new Host(node.clock.date()).toString();
}

interface Instant {
  toZonedDateTimeISO(zone: string): ZonedDateTime;
}

interface ZonedDateTime {
  toPlainDateTime(): unknown;
  toPlainDate(): unknown;
  toPlainTime(): unknown;
}

interface TemporalHost {
  readonly Instant: { fromEpochMilliseconds(ms: number): Instant };
  readonly Now: { timeZoneId(): string } & object;
}

const readings: Readonly<Record<string, (now: ZonedDateTime) => unknown>> = {
  zonedDateTimeISO: (now) => now,
  plainDateTimeISO: (now) => now.toPlainDateTime(),
  plainDateISO: (now) => now.toPlainDate(),
  plainTimeISO: (now) => now.toPlainTime(),
};

type Read = (zone?: string) => unknown;

/** Older hosts have no Temporal. */
function replaceTemporal(replacements: Replacements): void {
  const temporal = Reflect.get(globalThis, 'Temporal') as TemporalHost | undefined;
  if (temporal === undefined) {
    return;
  }
  const { Instant, Now } = temporal;
  const instantOf = ({ clock }: NodeHost): Instant => Instant.fromEpochMilliseconds(clock.date());
  replacements.replaceMethod<Read>(Now, 'instant', (original) => () => {
    const node = currentHost();
    return node === undefined ? original.call(Now) : instantOf(node);
  });
  for (const [key, read] of Object.entries(readings)) {
    replacements.replaceMethod<Read>(Now, key, (original) => (zone) => {
      const node = currentHost();
      return node === undefined
        ? original.call(Now, zone)
        : read(instantOf(node).toZonedDateTimeISO(zone ?? Now.timeZoneId()));
    });
  }
}
