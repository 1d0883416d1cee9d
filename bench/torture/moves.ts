import type { Connection } from './source.ts';

/** How long a stream of a node took until it had a connection on another node. */
export interface Takeover {
  readonly stream: string;
  /** In ms after the fault; `Infinity` if there was none. */
  readonly after: number;
}

/** The takeovers of the streams that a life of a node had at the time of a fault. */
export function takeovers(
  connections: readonly Connection[],
  fault: { readonly node: string; readonly at: number },
): readonly Takeover[] {
  // Most connections of a long run had ended before the fault.
  const later = connections.filter(({ to }) => to > fault.at);
  const had = later.filter(({ node, from }) => node === fault.node && from <= fault.at);
  const others = Map.groupBy(
    later.filter(({ node }) => node !== fault.node),
    ({ stream }) => stream,
  );
  return had.map(({ stream }) => {
    const [next] = others.get(stream) ?? [];
    return { stream, after: Math.max(0, (next?.from ?? Infinity) - fault.at) };
  });
}

/** A stream goes from one life to another. */
export interface Move {
  readonly stream: string;
  readonly from: string;
  readonly to: string;
  /** By the machine's clock. */
  readonly at: number;
  /** For how long it had no connection, in ms; below 0 for how long it had two. */
  readonly gap: number;
}

/** The moves of streams between lives, from a time on. */
export function movesSince(connections: readonly Connection[], since: number): readonly Move[] {
  const streams = Map.groupBy(connections, ({ stream }) => stream);
  return [...streams.values()].flatMap((own) =>
    own.flatMap((next, index) => {
      const before = own[index - 1];
      const isMove = before !== undefined && before.node !== next.node && next.from >= since;
      return isMove ? [moveOf(before, next)] : [];
    }),
  );
}

function moveOf(before: Connection, next: Connection): Move {
  return {
    stream: next.stream,
    from: before.node,
    to: next.node,
    at: next.from,
    gap: next.from - before.to,
  };
}

/** The smallest value that so large a part of the values does not exceed; `NaN` for no values. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}
