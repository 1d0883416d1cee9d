import type { Stream } from '@reprise/observer/wire';

import type { Paint } from '../output/status-line.ts';
import { harmless } from '../output/text.ts';
import type { Column } from './columns.ts';
import type { Model } from './model.ts';
import { age, countdown, duration, grouped } from './numbers.ts';

/** The columns of the list of streams. */
export function streamColumns(model: Model, paint: Paint): readonly Column<Stream>[] {
  const colour = ({ path, state }: Stream): 'green' | 'yellow' | 'red' => {
    const level = model.findingOf(path)?.level;
    return level === 'critical'
      ? 'red'
      : level === undefined && state === 'connected'
        ? 'green'
        : 'yellow';
  };
  return [
    { title: 'STREAM', width: 'rest', rank: 0, cell: ({ path }) => harmless(path) },
    {
      title: 'STATE',
      width: 24,
      rank: 1,
      cell: (stream) => stateOfStream(stream, model.now),
      paint: (text, stream) => paint(colour(stream), text),
    },
    { title: 'EVENTS', width: 9, rank: 2, isNumber: true, cell: ({ events }) => grouped(events) },
    {
      title: 'RECONNECTS',
      width: 10,
      rank: 3,
      isNumber: true,
      cell: ({ reconnects }) => grouped(reconnects),
    },
    {
      title: 'SINCE',
      width: 5,
      rank: 4,
      isNumber: true,
      cell: ({ since }) => age(model.now - since),
    },
    { title: 'LAST ID', width: 16, rank: 5, cell: ({ lastEventId }) => harmless(lastEventId) },
    { title: 'FAILURE', width: 24, rank: 6, cell: ({ failure = '' }) => harmless(failure) },
  ];
}

/** A stream that is silent for so long shows it, in ms. */
const silent = 30_000;

export function stateOfStream(stream: Stream, now: number): string {
  const { state, attempt, nextAttemptAt, heardAt = now, inHandSince = now } = stream;
  if (state === 'disconnected') {
    return nextAttemptAt === undefined
      ? 'disconnected'
      : `attempt ${attempt + 1} in ${countdown(nextAttemptAt - now)}`;
  }
  if (state === 'connecting') {
    return `connecting, attempt ${attempt}`;
  }
  if (now - inHandSince >= 1000) {
    return `handler ${duration(now - inHandSince)}`;
  }
  return now - heardAt >= silent ? `silent ${duration(now - heardAt)}` : 'connected';
}
