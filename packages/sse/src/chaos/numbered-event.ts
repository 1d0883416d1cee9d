import { ServerSentEvent } from '../format/event.ts';

/** The data of an event of `chaos`, which is sent as JSON. */
export interface NumberedData {
  readonly stream: string;
  /** From 1 on; the id is the same number in decimal digits. */
  readonly number: number;
  /** Characters of two, three and four bytes, so that some cuts fall inside a character. */
  readonly text: string;
  readonly padding?: string;
}

export interface EventOptions {
  readonly hasId?: boolean;
  /** How many bytes to add to its data. */
  readonly padding?: number;
}

/** The bytes of an event. */
export function numberedEvent(
  stream: string,
  number: number,
  { hasId = true, padding = 0 }: EventOptions = {},
): Buffer {
  const data: NumberedData = {
    stream,
    number,
    text: 'é…🙂',
    ...(padding === 0 ? {} : { padding: 'x'.repeat(padding) }),
  };
  const id = hasId ? String(number) : null;
  return Buffer.from(
    ServerSentEvent.serialize(ServerSentEvent.create(JSON.stringify(data), { id })),
  );
}

/** The number in a Last-Event-ID; 0 if it is not an id of an event of `chaos`. */
export function numberOf(id: string | undefined): number {
  return id !== undefined && /^[1-9]\d{0,15}$/.test(id) ? Number(id) : 0;
}
