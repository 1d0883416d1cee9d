import type { Life } from '../history/lives.ts';
import type { Recorded } from '../recording/record.ts';
import type { Change, Hour } from './change.ts';

const part = 30_000;
const parts = 120;

export function hourOf(recorded: Recorded, now: number): Hour {
  const from = now - part * parts;
  const [changes, crashes] = [new Array<number>(parts).fill(0), new Array<number>(parts).fill(0)];
  eachChange(recorded, (at, kind) => {
    const place = Math.min(parts - 1, Math.floor((at - from) / part));
    const counts = kind === 'crash' ? crashes : changes;
    if (place >= 0) {
      counts[place] = (counts[place] ?? 0) + 1;
    }
  });
  return { from, part, changes, crashes };
}

/** The newest changes up to `until`, the newest first. */
export function latestChanges(recorded: Recorded, until: number, most: number): readonly Change[] {
  return nearest(recorded, most, (at) => until - at);
}

/** The changes around a time, the oldest first. */
export function changesAround(recorded: Recorded, time: number, each: number): readonly Change[] {
  const before = nearest(recorded, each, (at) => time - at);
  const after = nearest(recorded, each, (at) => (at > time ? at - time : -1));
  return [...before, ...after].toReversed().toSorted((a, b) => a.at - b.at);
}

/** A change without its texts. */
interface Found {
  readonly at: number;
  readonly kind: Change['kind'];
  readonly life: Life;
  readonly distance: number;
}

/** The changes at the least distance, the nearest first; one below 0 is none. */
function nearest(
  recorded: Recorded,
  most: number,
  distanceOf: (at: number) => number,
): readonly Change[] {
  const found: Found[] = [];
  eachChange(recorded, (at, kind, life) => {
    const distance = distanceOf(at);
    if (distance >= 0 && distance < (found[most - 1]?.distance ?? Infinity)) {
      const place = found.findIndex((one) => one.distance > distance);
      found.splice(place === -1 ? found.length : place, 0, {
        at,
        kind,
        life: { ...life },
        distance,
      });
      found.length = Math.min(found.length, most);
    }
  });
  return found.map((one) => changeOf(recorded, one));
}

function changeOf({ recorder }: Recorded, { at, kind, life }: Found): Change {
  const { endings } = recorder.history;
  const { row, pid, from, to } = life;
  const path = endings.pathAt(row);
  return kind === 'connected'
    ? { at, path, kind, pid: 0, lasted: 0, reason: '' }
    : {
        at,
        path,
        kind,
        pid: kind === 'lost' ? 0 : pid,
        lasted: to - from,
        reason: endings.reasonOf(life),
      };
}

/** Visits all changes with the life or the phase that each is the beginning or the end of. */
function eachChange(
  recorded: Recorded,
  visit: (at: number, kind: Change['kind'], life: Life) => void,
): void {
  recorded.expire();
  const { endings } = recorded.recorder.history;
  for (const phase of recorded.streamRecorder.connected) {
    visit(phase.from, 'connected', phase);
  }
  endings.eachNewestFirst((life) => {
    const { kind, from, to, isCrash } = life;
    if (kind === 'process') {
      visit(to, isCrash ? 'crash' : 'end', life);
    } else if (kind !== 'presence' && kind !== 'ignored') {
      if (endings.reasonOf(life) !== '') {
        visit(to, 'lost', life);
      }
      if (kind === 'connected') {
        visit(from, 'connected', life);
      }
    }
  });
}
