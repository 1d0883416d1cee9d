import { ServerSentEvent } from '../format/event.ts';

/** What the data of every event says, as JSON. */
export interface NumberedData {
  readonly stream: string;
  /** From 1 on; also the id, in decimal digits. */
  readonly number: number;
  /** Characters of two, three and four bytes, for cuts to fall into. */
  readonly text: string;
  readonly padding?: string;
}

export interface EventOptions {
  readonly hasId?: boolean;
  /** How many bytes it is made longer by. */
  readonly padding?: number;
}

/** An event as it is sent. */
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

/** The number that a Last-Event-ID means; 0 where it is no id of ours. */
export function numberOf(id: string | undefined): number {
  return id !== undefined && /^[1-9]\d{0,15}$/.test(id) ? Number(id) : 0;
}
