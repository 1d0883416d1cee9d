/** One action of the server on a connection. */
export type Step =
  /** Writes these bytes, in which `events` numbered events end. */
  | { readonly type: 'write'; readonly bytes: Uint8Array; readonly events: number }
  /** Waits until the stream has made the event with this number. */
  | { readonly type: 'await'; readonly number: number }
  | { readonly type: 'pause'; readonly ms: number }
  /** Closes the connection with a FIN. */
  | { readonly type: 'finish' }
  /** Closes the connection with an RST. */
  | { readonly type: 'reset' };

export type Steps = Iterable<Step>;

export function write(bytes: Uint8Array | string, events = 0): Step {
  return { type: 'write', bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes, events };
}

export const finish: Step = { type: 'finish' };
export const reset: Step = { type: 'reset' };

/** All steps of these parts, in order. */
export function* concat(parts: readonly Steps[]): Generator<Step> {
  for (const part of parts) {
    yield* part;
  }
}

/** The same steps, up to `count` written bytes. */
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

/** The same steps, with one byte written every `every` ms. */
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
