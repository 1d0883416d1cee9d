import type { Recording } from '../recording/record.ts';
import type { Change, Hour } from './change.ts';

const part = 30_000;
const parts = 120;

export function hourOf(recording: Recording, now: number): Hour {
  const from = now - part * parts;
  const [changes, crashes] = [new Array<number>(parts).fill(0), new Array<number>(parts).fill(0)];
  for (const { at, kind } of changesIn(recording)) {
    const place = Math.min(parts - 1, Math.floor((at - from) / part));
    const counts = kind === 'crash' ? crashes : changes;
    if (place >= 0) {
      counts[place] = (counts[place] ?? 0) + 1;
    }
  }
  return { from, part, changes, crashes };
}

/** The newest changes up to `until`, the newest first. */
export function latestChanges(
  recording: Recording,
  until: number,
  count: number,
): readonly Change[] {
  return [...changesIn(recording)]
    .filter(({ at }) => at <= until)
    .toSorted((a, b) => b.at - a.at)
    .slice(0, count);
}

/** The changes around a time, the oldest first. */
export function changesAround(recording: Recording, time: number, each: number): readonly Change[] {
  const all = [...changesIn(recording)].toSorted((a, b) => a.at - b.at);
  const next = all.findIndex(({ at }) => at > time);
  const middle = next === -1 ? all.length : next;
  return all.slice(Math.max(0, middle - each), middle + each);
}

function* changesIn(recording: Recording): Generator<Change> {
  for (const { path = '', pid, startedAt, endedAt, reason } of recording.processes) {
    const kind = isOrderly(reason) ? 'end' : 'crash';
    yield { at: endedAt, path, kind, pid, lasted: endedAt - startedAt, reason };
  }
  for (const { path, phases } of recording.streams) {
    for (const { type, from, to = from, reason = '' } of phases) {
      if (type === 'connected') {
        yield { at: from, path, kind: 'connected', pid: 0, lasted: 0, reason: '' };
      }
      if (reason !== '') {
        yield { at: to, path, kind: 'lost', pid: 0, lasted: to - from, reason };
      }
    }
  }
}

/** By the words of `formatReason`. */
function isOrderly(reason: string): boolean {
  return reason === 'normal' || reason.startsWith('shutdown');
}
