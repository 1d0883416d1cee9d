import type { TreeRow } from '@reprise/observer/wire';

import type { Paint } from '../output/status-line.ts';
import { harmless } from '../output/text.ts';
import type { Column } from './columns.ts';
import type { Line } from './list.ts';
import type { Model } from './model.ts';
import { age, countdown, duration, grouped, rated } from './numbers.ts';
import { stateOfStream } from './streams.ts';

/** The columns of the list of processes, the most needed with the lowest rank. */
export function processColumns(model: Model, paint: Paint): readonly Column<Line>[] {
  return [
    { title: 'PROCESS', width: 'rest', rank: 0, cell: nameOf, paint: nameIn(model, paint) },
    {
      title: 'STATE',
      width: 20,
      rank: 1,
      cell: (line) => stateOf(model, line),
      paint: colouredBy(model, paint),
    },
    number('RESTARTS', 8, 3, ({ restarts }) => grouped(restarts)),
    number('QUEUE', 7, 2, ({ row }) => optional(model.measured(row)?.queue)),
    number('MSGS/S', 7, 4, ({ row }) => rated(model.measured(row)?.rate)),
    number('BUSY%', 6, 5, ({ row }) => rated(model.measured(row)?.busy)),
    number('UP', 5, 6, ({ startedAt, state }) =>
      startedAt === undefined || state !== 'running' ? '' : age(model.now - startedAt),
    ),
  ];
}

function number(
  title: string,
  width: number,
  rank: number,
  cell: (row: TreeRow) => string,
): Column<Line> {
  return {
    title,
    width,
    rank,
    isNumber: true,
    cell: (line) => (line.type === 'row' ? cell(line.row) : ''),
  };
}

function optional(value: number | undefined): string {
  return value === undefined ? '' : grouped(value);
}

function nameOf(line: Line): string {
  if (line.type === 'rest') {
    return `${line.before}… ${grouped(line.count)} more`;
  }
  const { id, type, supervises } = line.row;
  const note = type === 'supervisor' ? `  ${supervises?.strategy ?? ''}` : '';
  const fold = line.isOpen === false ? '▸ ' : '';
  return `${harmless(line.before)}${fold}${harmless(id)}${note}`;
}

type Level = 'critical' | 'warning' | undefined;

function levelOf(model: Model, line: Line): Level {
  return line.type === 'row' ? model.findingOf(model.pathOf(line.row.row))?.level : undefined;
}

function colourOf(level: Level): 'red' | 'yellow' | undefined {
  if (level === undefined) {
    return undefined;
  }
  return level === 'critical' ? 'red' : 'yellow';
}

function nameIn(model: Model, paint: Paint): (text: string, line: Line) => string {
  return (text, line) => {
    const colour = colourOf(levelOf(model, line));
    if (colour !== undefined) {
      return paint(colour, text);
    }
    return line.type === 'row' && line.row.type === 'supervisor' ? paint('bold', text) : text;
  };
}

function colouredBy(model: Model, paint: Paint): (text: string, line: Line) => string {
  return (text, line) => paint(colourOf(levelOf(model, line)) ?? 'dim', text);
}

function stateOf(model: Model, line: Line): string {
  if (line.type === 'rest') {
    return 'running';
  }
  const { row } = line;
  if (row.state !== 'running') {
    return row.nextStartAt === undefined
      ? row.state
      : `starts in ${countdown(row.nextStartAt - model.now)}`;
  }
  const stream = model.streams.find(({ pid }) => pid === row.pid);
  return stream === undefined ? ownState(model, row) : stateOfStream(stream, model.now);
}

/** A supervisor shows its restarts that count, of those that it allows. */
function ownState(model: Model, { row, supervises }: TreeRow): string {
  const { counting = 0, maxRestarts = 0 } = supervises ?? {};
  if (counting > 0) {
    return maxRestarts <= longestMeter
      ? '●'.repeat(counting) + '○'.repeat(Math.max(0, maxRestarts - counting))
      : `${counting} of ${maxRestarts} restarts`;
  }
  const { awaitingSince = model.now } = model.measured(row) ?? {};
  const awaits = model.now - awaitingSince;
  return awaits >= 1000 ? `awaiting ${duration(awaits)}` : 'running';
}

const longestMeter = 8;
