import type { Goal } from '../streams/report.ts';

/** Streams that contenders read as fast as they can. */
export interface Work {
  readonly name: string;
  readonly title: string;
  /** How many events a contender reads in all, after the first of each stream. */
  readonly events: number;
  /**
   * If the work is to open streams, how many at a time. Each has one event.
   */
  readonly streams?: { readonly atATime: number };
  /** The bytes of an event with its framing. */
  readonly size: number;
  /** How many events a chunk of HTTP holds. With one, each event is a packet for the reader. */
  readonly perPacket: number;
  readonly form?: 'multi-line' | 'crlf' | 'multi-byte';
  /**
   * The contenders by name, each with its module in `streams/contender/`. Ratios are to the first.
   * Default: all.
   */
  readonly contenders?: Readonly<Record<string, string>>;
  readonly goal: Goal;
  /** For the CPU time that the warm-up costs in all, in ms. */
  readonly warmUpGoal?: Goal;
}

/**
 * The events, of all that a contender reads, that belong to the warm-up: V8 compiles the code while
 * they come, and the first request is among them. After as many events the cost of one does not
 * change any more (measured for the works of a million).
 */
export function warmUpOf(events: number): number {
  return Math.ceil(events / 3);
}

function times(atMost: number): Goal {
  return { type: 'times', atMost };
}

/** The floor is `node:http` with eventsource-parser and nothing else. */
export const allContenders: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'floor',
    'reprise',
    'reprise-resilient',
    'got',
    'undici-request',
    'eventsource-client',
    'eventsource',
    'undici-eventsource',
    'fetch-event-source',
    'event-source-plus',
    'launchdarkly-eventsource',
  ].map((name) => [name, name]),
);

const packets = { events: 1_500_000, size: 200, perPacket: 100 };

export const works: readonly Work[] = [
  {
    name: 'packets',
    title: 'events of 200 B, 100 a packet',
    ...packets,
    goal: times(1.15),
    warmUpGoal: { type: 'more', atMost: 50 },
  },
  {
    name: 'cursor',
    title: 'the same, the cursor in node:sqlite',
    ...packets,
    contenders: { floor: 'floor', reprise: 'reprise-cursor' },
    goal: times(1.5),
  },
  {
    name: 'async',
    title: 'handlers that return promises',
    ...packets,
    contenders: { await: 'await', reprise: 'reprise-async' },
    goal: { type: 'more', atMost: 1 },
  },
  {
    name: 'single',
    title: 'one event a packet',
    events: 200_000,
    size: 200,
    perPacket: 1,
    goal: times(1.2),
  },
  {
    name: '20B',
    title: 'events of 20 B',
    events: 1_000_000,
    size: 20,
    perPacket: 500,
    goal: times(1.3),
  },
  {
    name: '2KB',
    title: 'events of 2 KB',
    events: 200_000,
    size: 2000,
    perPacket: 20,
    goal: times(1.3),
  },
  {
    name: '200KB',
    title: 'events of 200 KB',
    events: 3000,
    size: 200_000,
    perPacket: 1,
    goal: times(1.3),
  },
  {
    name: '5MB',
    title: 'events of 5 MB',
    events: 100,
    size: 5_000_000,
    perPacket: 1,
    goal: times(1.3),
  },
  {
    name: 'multi-line',
    title: 'data of 10 lines',
    events: 300_000,
    size: 400,
    perPacket: 50,
    form: 'multi-line',
    goal: times(1.3),
  },
  {
    name: 'crlf',
    title: 'lines that end in CR LF',
    ...packets,
    form: 'crlf',
    goal: times(1.3),
  },
  {
    name: 'multi-byte',
    title: 'text of multi-byte characters',
    events: 500_000,
    size: 200,
    perPacket: 100,
    form: 'multi-byte',
    goal: times(1.3),
  },
  {
    name: 'connect',
    title: 'streams opened, 50 at a time',
    events: 2000,
    streams: { atATime: 50 },
    size: 200,
    perPacket: 1,
    contenders: {
      got: 'got',
      reprise: 'reprise',
      'reprise-resilient': 'reprise-resilient',
      floor: 'floor',
      eventsource: 'eventsource',
    },
    goal: times(1.25),
  },
];

/** The bytes of one event. */
export function eventOf({ size, form }: Work): string {
  const end = form === 'crlf' ? '\r\n' : '\n';
  const frame = `id: 1234567${end}data: ${end}${end}`.length;
  const room = Math.max(1, size - frame);
  const data = form === 'multi-byte' ? 'é漢🙂'.repeat(Math.ceil(room / 9)) : 'x'.repeat(room);
  const lines =
    form === 'multi-line' ? Array.from({ length: 10 }, () => data.slice(0, room / 10 - 7)) : [data];
  // The smallest event has no room for an id.
  const id = size < 30 ? '' : `id: 1234567${end}`;
  return `${id}${lines.map((line) => `data: ${line}${end}`).join('')}${end}`;
}

/**
 * The part of one event's data in the checksum, which has to be the same for every contender.
 */
export function checksumOf(data: string): number {
  return data.length + data.charCodeAt(data.length - 1);
}
