/** The properties of a stream, by its name: the same for the soak and for its child. */
export interface Role {
  /** The path in front of the name of the stream; without one, it is asked of the server itself. */
  readonly coding: 'plain' | 'br' | 'zstd' | undefined;
  readonly http2: boolean;
  readonly dedupe: boolean;
  readonly store: 'quick' | 'slow' | 'hanging';
}

/** Every combination comes up among twenty streams. */
export function roleOf(stream: string): Role {
  const index = Number(stream.split('-').at(-1));
  return {
    coding: ([undefined, 'plain', 'br', 'zstd', undefined] as const)[index % 5],
    http2: index % 2 === 0,
    dedupe: index % 4 === 1,
    store: (['quick', 'quick', 'slow', 'hanging'] as const)[Math.floor(index / 2) % 4] ?? 'quick',
  };
}
