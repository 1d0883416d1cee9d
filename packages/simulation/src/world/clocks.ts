import { currentHost, type NodeHost } from './node-host.ts';
import type { Replacements } from './replacement.ts';

type HrTime = (since?: readonly [number, number]) => [seconds: number, nanoseconds: number];

/** The monotonic clocks of the host: those of `performance` and `process`. */
export function replaceClocks(replacements: Replacements): void {
  const { performance, process } = globalThis;
  replacements.replaceMethod<() => number>(
    performance,
    'now',
    (original) => () => currentHost()?.clock.now() ?? original.call(performance),
  );
  replacements.replaceGetter<number>(performance, 'timeOrigin', (original) => () => {
    const clock = currentHost()?.clock;
    return clock === undefined ? original() : clock.date() - clock.now();
  });
  replacements.replaceMethod<() => number>(process, 'uptime', (original) => () => {
    const node = currentHost();
    return node === undefined ? original.call(process) : node.clock.now() / 1000;
  });
  replaceHrTime(replacements, process);
}

function replaceHrTime(replacements: Replacements, process: NodeJS.Process): void {
  replacements.replaceMethod<HrTime>(process, 'hrtime', (original) => (since) => {
    const node = currentHost();
    return node === undefined ? original.call(process, since) : splitSince(node, since);
  });
  // A property of the function before, which the one in its place has, too.
  replacements.replaceMethod<() => bigint>(process.hrtime, 'bigint', (original) => () => {
    const node = currentHost();
    return node === undefined ? original() : nanosecondsOf(node);
  });
}

const second = 1_000_000_000n;

function splitSince(
  node: NodeHost,
  [seconds, nanoseconds]: readonly [number, number] = [0, 0],
): [number, number] {
  const passed = nanosecondsOf(node) - BigInt(seconds) * second - BigInt(nanoseconds);
  return [Number(passed / second), Number(passed % second)];
}

function nanosecondsOf({ clock }: NodeHost): bigint {
  return BigInt(Math.round(clock.now() * 1000)) * 1000n;
}
