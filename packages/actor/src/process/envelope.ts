import { hasProxy } from '../shown/reading.ts';

/** A message that the system has wrapped: a call or a cast. */
export interface Envelope {
  /** The message as its sender wrote it. */
  unwrap(): unknown;
}

/** The method alone would not do: a user's message may have one of that name. */
const isEnvelope: unique symbol = Symbol.for('reprise.isEnvelope') as typeof isEnvelope;

/** Marks the prototype of a class, and not its instances: a message must not grow by it. */
export function markEnvelope({ prototype }: { readonly prototype: Envelope }): void {
  Object.defineProperty(prototype, isEnvelope, { value: true });
}

/** The message as its sender wrote it: the content of an envelope, or the message itself. */
export function unwrap(message: unknown): unknown {
  return isMarked(message) ? message.unwrap() : message;
}

function isMarked(message: unknown): message is Envelope {
  return (
    typeof message === 'object' && message !== null && !hasProxy(message) && isEnvelope in message
  );
}
