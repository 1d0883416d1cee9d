import type { CrashGroup, Stream } from '@reprise/observer/wire';
import cliTruncate from 'cli-truncate';

import type { Paint } from '../output/status-line.ts';
import { harmless } from '../output/text.ts';
import { type Column, ends, fitColumns, tableLine } from './columns.ts';
import { type Line, linesOf } from './list.ts';
import type { Model } from './model.ts';
import { age, duration, grouped, rated, timeOfDay } from './numbers.ts';
import { pageLines } from './page.ts';
import { processColumns } from './processes.ts';
import { streamColumns } from './streams.ts';
import type { View } from './view.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** All that a frame is made of. */
export interface Scene {
  readonly model: Model;
  readonly view: View;
  readonly crashes: readonly CrashGroup[];
  readonly size: Size;
  readonly paint: Paint;
}

/** So many findings are shown; there may be more. */
const mostFindings = 3;

/** The lines of a frame, none longer than the terminal is wide. */
export function frameOf(scene: Scene): readonly string[] {
  const { size } = scene;
  const above = [...head(scene), ''];
  const below = ['', footer(scene)];
  const room = Math.max(1, size.rows - above.length - below.length);
  const lines = [...above, ...body(scene, room), ...below];
  const cut = lines.slice(0, size.rows).map((line) => cliTruncate(line, size.columns));
  return scene.model.isLive ? cut : cut.map((line) => scene.paint('dim', line));
}

/** The same for a reader that is no terminal: all lines, as wide as they are useful. */
export function pageOf(scene: Scene): readonly string[] {
  return [...head(scene), '', ...body(scene, Infinity)].map((line) => line.trimEnd());
}

function head({ model, view, size, paint }: Scene): readonly string[] {
  const { name = '', host = '', osPid = 0 } = model.hello ?? {};
  const top = [...model.rows].find(({ parent }) => parent === 0);
  const up = top?.startedAt === undefined ? '' : ` · up ${duration(model.now - top.startedAt)}`;
  const title = `${paint('bold', harmless(name))}  ${harmless(host)} · ${osPid}${up}`;
  const time = model.vitals === undefined ? '' : timeOfDay(model.vitals.wall);
  const state = view.isPaused ? paint('yellow', 'paused') : paint('green', 'live');
  const right = model.isLive ? `${time}  ${state}` : `as of ${time}`;
  return [ends(title, right, size.columns), ...findings(model, paint), '', figures(model, paint)];
}

function findings({ judgement }: Model, paint: Paint): readonly string[] {
  const { findings: all = [], text = '' } = judgement ?? {};
  const shown = all.slice(0, mostFindings).map(({ level, title, detail }) => {
    const [mark, colour] =
      level === 'critical' ? (['■', 'red'] as const) : (['○', 'yellow'] as const);
    return `${paint(colour, `${mark} ${harmless(title)}`)}  ${harmless(detail)}`;
  });
  const more = all.length - shown.length;
  return all.length === 0 ? [text] : [...shown, ...(more > 0 ? [`and ${more} more`] : [])];
}

function figures({ vitals, events }: Model, paint: Paint): string {
  if (vitals === undefined) {
    return '';
  }
  const parts = [
    ['processes', grouped(vitals.processes)],
    ['crashes', grouped(vitals.crashes)],
    ['streams', `${vitals.connected}/${vitals.streams}`],
    ['events', events === undefined ? '' : `${rated(events)}/s`],
    ['waiting', grouped(vitals.messages)],
    ['loop p99', `${vitals.loopDelay} ms`],
  ];
  return parts
    .filter(([, value]) => value !== '')
    .map(([name = '', value = '']) => `${name} ${paint('bold', value)}`)
    .join('   ');
}

function body(scene: Scene, room: number): readonly string[] {
  const { model, view, crashes, paint } = scene;
  if (view.page !== undefined) {
    return pageLines(view.page, paint).slice(0, room);
  }
  switch (view.view) {
    case 'processes':
      return processTable(scene, room);
    case 'streams':
      return streamTable(scene, room);
    case 'crashes':
      return table(scene, crashColumns(model), crashes, room);
    default:
      return view.view satisfies never;
  }
}

/** Of many streams the observer tells of those that need a look first. */
function streamTable(scene: Scene, room: number): readonly string[] {
  const { model, view, paint } = scene;
  const { streams = 0, connected = 0 } = model.vitals ?? {};
  const left = streams - model.streams.length;
  const told = model.streams.filter(({ state }) => state === 'connected').length;
  const lost = Math.min(left, left - (connected - told));
  const state = lost > 0 ? `${grouped(lost)} of them not connected` : 'all connected';
  const more = left > 0 ? [`and ${grouped(left)} more, ${state}`] : [];
  const columns = streamColumns(model, paint);
  return [...table(scene, columns, streamsIn(model, view), room - more.length), ...more];
}

function processTable(scene: Scene, room: number): readonly string[] {
  const { model, view, paint } = scene;
  const lines = linesOf(model, view);
  const selected = lines.findIndex((line) => isSelected(line, view));
  return table(scene, processColumns(model, paint), lines, room, selected);
}

export function isSelected(line: Line, { selected }: View): boolean {
  return line.type === 'row' && line.row.row === selected;
}

/** A head, and as many lines as there is room for: the selected one is among them. */
function table<Row>(
  { size, view, paint }: Scene,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  room: number,
  selected = -1,
): readonly string[] {
  const fitted = fitColumns(columns, size.columns);
  const count = Math.max(1, room - 1);
  const from = room === Infinity ? 0 : firstShown(view.top, selected, count, rows.length);
  const shown = rows.slice(from, from + count).map((row, at) => {
    const line = tableLine(fitted, row);
    return from + at === selected ? paint('inverse', line) : line;
  });
  return [paint('inverse', tableLine(fitted, undefined)), ...shown];
}

/** The first line of a list that shows its selected line, without needless space at its end. */
export function firstShown(top: number, selected: number, count: number, length: number): number {
  const wanted = selected < 0 ? top : Math.min(Math.max(top, selected - count + 1), selected);
  return Math.max(0, Math.min(wanted, length - count));
}

function streamsIn({ streams }: Model, { filter }: View): readonly Stream[] {
  const text = filter.toLowerCase();
  return streams.filter(({ path }) => path.toLowerCase().includes(text));
}

function crashColumns({ now }: Model): readonly Column<CrashGroup>[] {
  return [
    { title: 'PROCESS', width: 24, rank: 0, cell: ({ path }) => harmless(path) },
    { title: 'COUNT', width: 6, rank: 2, isNumber: true, cell: ({ count }) => grouped(count) },
    { title: 'LAST', width: 5, rank: 3, isNumber: true, cell: ({ lastAt }) => age(now - lastAt) },
    { title: 'REASON', width: 'rest', rank: 1, cell: ({ reason }) => harmless(reason) },
  ];
}

const keys = '↑↓ select   ←→ fold   / filter   s sort: ';
const otherKeys = '   ↵ process   t streams   c crashes   p pause   q quit';

function footer({ view, paint }: Scene): string {
  if (view.isTyping || view.filter !== '') {
    return `/ ${harmless(view.filter)}${view.isTyping ? '█' : '   esc all'}`;
  }
  if (view.page !== undefined || view.view !== 'processes') {
    return paint('dim', 'esc back to the processes   t streams   c crashes   p pause   q quit');
  }
  return `${paint('dim', keys)}${view.order}${paint('dim', otherKeys)}`;
}
