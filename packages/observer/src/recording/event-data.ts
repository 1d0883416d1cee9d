/**
 * The message of a client with the event that its handler failed at, without the data of that
 * event: it belongs to others, and no page shows it. Any other message is returned as it is. No
 * getter is called.
 */
export function withoutEventData(message: unknown): unknown {
  const failed = fieldOf(message, 'failed');
  const event = fieldOf(failed, 'event');
  const data = fieldOf(event, 'data');
  if (typeof data !== 'string') {
    return message;
  }
  const { type, id } = { type: fieldOf(event, 'type'), id: fieldOf(event, 'id') };
  return {
    failed: { event: { type, id, characters: data.length }, note: fieldOf(failed, 'note') },
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (Object.getOwnPropertyDescriptor(value, name)?.value as unknown)
    : undefined;
}
