/** A stream to be read as fast as it can be. */
export interface Work {
  readonly name: string;
  readonly title: string;
  readonly events: number;
  /** The bytes of an event, its framing with it. */
  readonly size: number;
  /** How many events one chunk of HTTP holds: with one, each is a packet for who reads. */
  readonly perPacket: number;
  readonly form?: 'multi-line' | 'crlf' | 'multi-byte';
  /** What is to be reached, in times the floor's CPU. */
  readonly atMost: number;
}

export const works: readonly Work[] = [
  {
    name: 'packets',
    title: '1 M events of 200 B, 100 a packet',
    events: 1_000_000,
    size: 200,
    perPacket: 100,
    atMost: 1.2,
  },
  {
    name: 'single',
    title: 'one event a packet',
    events: 200_000,
    size: 200,
    perPacket: 1,
    atMost: 1.2,
  },
  {
    name: '20B',
    title: 'events of 20 B',
    events: 1_000_000,
    size: 20,
    perPacket: 500,
    atMost: 1.3,
  },
  { name: '2KB', title: 'events of 2 KB', events: 200_000, size: 2000, perPacket: 20, atMost: 1.3 },
  {
    name: '200KB',
    title: 'events of 200 KB',
    events: 3000,
    size: 200_000,
    perPacket: 1,
    atMost: 1.3,
  },
  { name: '5MB', title: 'events of 5 MB', events: 100, size: 5_000_000, perPacket: 1, atMost: 1.3 },
  {
    name: 'multi-line',
    title: 'data of 10 lines',
    events: 300_000,
    size: 400,
    perPacket: 50,
    form: 'multi-line',
    atMost: 1.3,
  },
  {
    name: 'crlf',
    title: 'lines that end in CR LF',
    events: 1_000_000,
    size: 200,
    perPacket: 100,
    form: 'crlf',
    atMost: 1.3,
  },
  {
    name: 'multi-byte',
    title: 'text of multi-byte characters',
    events: 500_000,
    size: 200,
    perPacket: 100,
    form: 'multi-byte',
    atMost: 1.3,
  },
];

/** One event, as it is on the wire. */
export function eventOf({ size, form }: Work): string {
  const end = form === 'crlf' ? '\r\n' : '\n';
  const frame = `id: 1234567${end}data: ${end}${end}`.length;
  const room = Math.max(1, size - frame);
  const data = form === 'multi-byte' ? 'é漢🙂'.repeat(Math.ceil(room / 9)) : 'x'.repeat(room);
  const lines =
    form === 'multi-line' ? Array.from({ length: 10 }, () => data.slice(0, room / 10 - 7)) : [data];
  // The smallest has no room for an id.
  const id = size < 30 ? '' : `id: 1234567${end}`;
  return `${id}${lines.map((line) => `data: ${line}${end}`).join('')}${end}`;
}

/** What the data of one event adds to the checksum of all: every contender has to come to the same. */
export function checksumOf(data: string): number {
  return data.length + data.charCodeAt(data.length - 1);
}
