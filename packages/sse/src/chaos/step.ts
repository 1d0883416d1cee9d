/** One thing that the server does with a connection. */
export type Step =
  /** Writes them; so many numbered events end in these bytes. */
  | { readonly type: 'write'; readonly bytes: Uint8Array; readonly events: number }
  /** Goes on once the stream has made the event with this number. */
  | { readonly type: 'await'; readonly number: number }
  | { readonly type: 'pause'; readonly ms: number }
  /** FIN. */
  | { readonly type: 'finish' }
  /** RST. */
  | { readonly type: 'reset' };

export type Steps = Iterable<Step>;

export function write(bytes: Uint8Array | string, events = 0): Step {
  return { type: 'write', bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes, events };
}

export const finish: Step = { type: 'finish' };
export const reset: Step = { type: 'reset' };

/** One after the other. */
export function* inTurn(parts: readonly Steps[]): Generator<Step> {
  for (const part of parts) {
    yield* part;
  }
}

/** Writes so many bytes and no more. */
export function* firstBytes(steps: Steps, count: number): Generator<Step> {
  let left = count;
  for (const step of steps) {
    if (left === 0) {
      return;
    }
    if (step.type === 'write' && step.bytes.length > left) {
      yield write(step.bytes.subarray(0, left));
      return;
    }
    left -= step.type === 'write' ? step.bytes.length : 0;
    yield step;
  }
}

/** Writes byte by byte, one every so many ms. */
export function* slowly(steps: Steps, every: number): Generator<Step> {
  for (const step of steps) {
    if (step.type === 'write') {
      const last = step.bytes.length - 1;
      for (const [index, byte] of step.bytes.entries()) {
        yield write(Uint8Array.of(byte), index === last ? step.events : 0);
        yield { type: 'pause', ms: every };
      }
    } else {
      yield step;
    }
  }
}

/** The same steps, with other bytes. */
export function* mapBytes(steps: Steps, map: (bytes: Uint8Array) => Uint8Array): Generator<Step> {
  for (const step of steps) {
    yield step.type === 'write' ? write(map(step.bytes), step.events) : step;
  }
}
