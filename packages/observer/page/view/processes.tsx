import { computed, signal } from '@preact/signals';
import type { TreeRow } from '@reprise/observer/wire';
import { useEffect, useRef } from 'preact/hooks';

import { flatList, type Line, visibleRange } from '../model/flat-list.ts';
import {
  age,
  clockTime,
  countdown,
  duration,
  grouped,
  plural,
  rated,
  visible,
} from '../model/format.ts';
import type { Mirror } from '../model/mirror.ts';
import { restartsByPart, restartsOf, restartsSince } from '../model/restarts.ts';
import {
  figuresVersion,
  go,
  judgement,
  mirror,
  now,
  past,
  pastMirror,
  rates,
  route,
  show,
  streamOf,
  streamPids,
  treeVersion,
  wall,
} from '../store.ts';
import { Bars, Chip, Countdown, Field, Meter, Segments } from './marks.tsx';
import { Around, Panel } from './panel.tsx';

type Order = 'tree' | 'queue' | 'rate' | 'busy' | 'restarts';
type Only = 'down' | 'awaiting' | 'restarted';

const order = signal<Order>('tree');
const only = signal<Only | undefined>(undefined);
const folds = signal<ReadonlyMap<number, boolean>>(new Map());
/** How far the list is scrolled, and how much of it is to be seen. */
const view = signal({ top: 0, height: 900 });
/** The row that has the focus of the keyboard. */
const focused = signal(0);

const rowHeight = (): number => (matchMedia('(max-width: 720px)').matches ? 40 : 31);
const long = 10_000;

function isAwaiting({ row }: TreeRow): boolean {
  const { awaitingSince } = rates.get(row) ?? {};
  return awaitingSince !== undefined && now.value - awaitingSince > 1000;
}

const tests: Readonly<Record<Only, (row: TreeRow) => boolean>> = {
  down: ({ state }) => state !== 'running',
  awaiting: isAwaiting,
  restarted: (row) => restartsOf(row, now.value) > 0,
};

function isNotable(row: TreeRow): boolean {
  return row.state === 'restarting' || isAwaiting(row) || (rates.get(row.row)?.queue ?? 0) >= 1000;
}

/** The paths of what needs a person. */
const critical = computed(
  () =>
    new Set(
      judgement.value.findings.flatMap(({ level, path }) => (level === 'critical' ? [path] : [])),
    ),
);

function matcher(filter: string): ((row: TreeRow) => boolean) | undefined {
  const needle = filter.trim().toLowerCase();
  const test = only.value === undefined ? undefined : tests[only.value];
  if (needle === '' && test === undefined) {
    return undefined;
  }
  return (row) =>
    (test?.(row) ?? true) &&
    (row.id.toLowerCase().includes(needle) || `#${row.pid ?? ''}` === needle);
}

const measures: Readonly<Record<Exclude<Order, 'tree'>, (row: TreeRow) => number>> = {
  queue: ({ row }) => rates.get(row)?.queue ?? 0,
  rate: ({ row }) => rates.get(row)?.rate ?? 0,
  busy: ({ row }) => rates.get(row)?.busy ?? 0,
  restarts: (row) => restartsOf(row, now.value),
};

function linesOf(shown: Mirror): readonly Line[] {
  const matches = matcher(route.value.filter);
  if (order.value === 'tree' || past.value !== undefined) {
    return flatList(shown, {
      folds: folds.value,
      notable: isNotable,
      restarted: tests.restarted,
      matches,
    });
  }
  const measure = measures[order.value];
  return [...shown.all]
    .filter((row) => (matches?.(row) ?? true) && measure(row) > 0)
    .toSorted((a, b) => measure(b) - measure(a))
    .slice(0, 200)
    .map((row) => ({ type: 'row', row, depth: 0, isOpen: undefined }));
}

function dotOf(row: TreeRow): string {
  if (row.state !== 'running') {
    return row.state === 'restarting' ? 'down' : 'off';
  }
  if (past.value === undefined && isAwaiting(row)) {
    return 'await';
  }
  const { status = 0, rate = 0 } = rates.get(row.row) ?? {};
  return past.value === undefined && (status === 1 || status === 2 || rate > 0) ? 'busy' : 'idle';
}

/** A state is written only where it is not "running": quiet is well. */
function State({ row, isShort = false }: { readonly row: TreeRow; readonly isShort?: boolean }) {
  if (row.nextStartAt !== undefined) {
    const count = isShort ? restartsOf(row, now.value) : 0;
    return (
      <span class="st bad">
        {count > 0 ? `${grouped(count)} ×, in ` : 'starts in '}
        <Countdown at={row.nextStartAt} />
      </span>
    );
  }
  if (row.state !== 'running') {
    const isBad = row.state === 'restarting';
    return (
      <span class={`st ${isBad ? 'bad' : ''}`}>
        {past.value === undefined ? row.state : 'not running'}
      </span>
    );
  }
  if (past.value !== undefined) {
    return null;
  }
  const stream = streamOf.value.get(row.pid ?? 0);
  if (stream !== undefined && stream.state !== 'connected') {
    const { nextAttemptAt } = stream;
    return (
      <span class="st warn num">
        {nextAttemptAt === undefined
          ? stream.state
          : `next attempt ${countdown(nextAttemptAt - now.value)}`}
      </span>
    );
  }
  const { status, awaitingSince } = rates.get(row.row) ?? {};
  if (status === 4) {
    return <span class="st warn">suspended</span>;
  }
  if (awaitingSince !== undefined && now.value - awaitingSince > 1000) {
    const waited = now.value - awaitingSince;
    return (
      <span class={`st num ${waited > long ? 'warn' : ''}`}>
        {isShort ? `awaits ${age(waited)}` : `awaiting ${duration(waited)}`}
      </span>
    );
  }
  return null;
}

function hasState(row: TreeRow): boolean {
  const stream = streamOf.value.get(row.pid ?? 0);
  return (
    row.state !== 'running' ||
    (past.value === undefined &&
      (isAwaiting(row) || (stream !== undefined && stream.state !== 'connected')))
  );
}

function tagOf(row: TreeRow, shown: Mirror): string {
  const { supervises } = row;
  if (supervises === undefined) {
    return row.type === 'process' ? 'process' : '';
  }
  const children = shown.childrenOf(row.row).map((child) => shown.get(child));
  const ofStreams = children.filter((child) => streamPids.value.has(child?.pid ?? 0));
  if (ofStreams.length > 1) {
    return plural(ofStreams.length, 'stream');
  }
  return supervises.isDynamic ? workersText(children) : supervises.strategy;
}

function workersText(children: readonly (TreeRow | undefined)[]): string {
  const restarting = children.filter((child) => child?.state === 'restarting').length;
  const more = restarting === 0 ? '' : `, ${grouped(restarting)} restarting`;
  return plural(children.length, 'worker') + more;
}

function fold(row: number, isOpen: boolean): void {
  folds.value = new Map([...folds.value, [row, isOpen]]);
}

function select(row: TreeRow, shown: Mirror): void {
  focused.value = row.row;
  go({ selected: shown.pathOf(row.row) });
}

/** How often it was restarted in the last hour, and when. */
function Restarts({ row }: { readonly row: TreeRow }) {
  const counts = restartsByPart(row, now.value);
  const count = restartsOf(row, now.value);
  const since = restartsSince(row, now.value);
  const isBad = row.state === 'restarting' || critical.value.has(mirror.pathOf(row.row));
  return count === 0 ? null : (
    <>
      <Bars counts={counts} width={58} height={18} hot={isBad ? 1 : Infinity} />
      <span class={`num ${isBad ? 'bad' : ''}`} title={`since ${clockTime(wall(since), false)}`}>
        {grouped(count)}
      </span>
    </>
  );
}

/** For so long a row that was started again is tinted, in ms. */
const tint = 2000;

function RowLine({
  line,
  shown,
  place,
  isTabStop,
}: {
  readonly line: Extract<Line, { type: 'row' }>;
  readonly shown: Mirror;
  readonly place: number;
  readonly isTabStop: boolean;
}) {
  const { row, depth, isOpen } = line;
  const figures = past.value === undefined ? rates.get(row.row) : undefined;
  const isSelected =
    route.value.selected !== undefined && shown.pathOf(row.row) === route.value.selected;
  const isFresh =
    row.restarts > 0 && row.startedAt !== undefined && now.value - row.startedAt < tint;
  const isDown = row.state === 'restarting';
  const tag = tagOf(row, shown);
  const up =
    row.startedAt === undefined ? '' : age((past.value?.time ?? now.value) - row.startedAt);
  const isLive = past.value === undefined;
  const name = visible(row.id, 120);
  return (
    <div
      class={`tr ${isSelected ? 'sel' : ''} ${isDown || (isLive && isFresh) ? 'flash' : ''}`}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={place + 2}
      aria-selected={isSelected}
      aria-expanded={isOpen}
      tabIndex={isTabStop ? 0 : -1}
      data-row={row.row}
      style={{ transform: `translateY(${place * rowHeight()}px)` }}
      onClick={() => {
        select(row, shown);
      }}
      onFocus={() => {
        focused.value = row.row;
      }}
    >
      <span
        role="gridcell"
        class={`name ${row.type === 'supervisor' ? 'sup' : ''}`}
        style={{ '--depth': depth }}
      >
        <span
          class="chev"
          aria-hidden="true"
          onClick={(event) => {
            if (isOpen !== undefined) {
              event.stopPropagation();
              fold(row.row, !isOpen);
            }
          }}
        >
          {isOpen === undefined ? '' : isOpen ? '▾' : '▸'}
        </span>
        <span class={`dot ${dotOf(row)}`} />
        <span class="label" title={name}>
          {name}
        </span>
        {row.pid !== undefined && <span class="pid mono">#{row.pid}</span>}
        {tag !== '' && <span class="tag">{tag}</span>}
        {isLive && row.supervises !== undefined && row.supervises.counting > 0 && (
          <Meter {...row.supervises} />
        )}
      </span>
      <span role="gridcell" class="opt">
        <State row={row} />
      </span>
      <span role="gridcell" class="spark opt">
        {isLive && row.restartHour !== undefined && <Restarts row={row} />}
      </span>
      <span
        role="gridcell"
        class={`r num ${(figures?.queue ?? 0) >= 1000 ? 'warn' : figures?.queue === 0 ? 'quiet' : ''}`}
      >
        {figures === undefined ? '' : grouped(figures.queue)}
      </span>
      <span role="gridcell" class={`r num opt ${(figures?.rate ?? 0) < 0.05 ? 'quiet' : ''}`}>
        {figures?.rate === undefined ? '' : rated(figures.rate)}
      </span>
      <span role="gridcell" class={`r num opt ${(figures?.busy ?? 0) < 0.05 ? 'quiet' : ''}`}>
        {figures?.busy === undefined ? '' : rated(figures.busy)}
      </span>
      <span role="gridcell" class="r num quiet up">
        {hasState(row) ? (
          <>
            <span class="wide">{up}</span>
            <span class="narrow">
              <State row={row} isShort />
            </span>
          </>
        ) : (
          up
        )}
      </span>
    </div>
  );
}

function RestLine({
  line,
  place,
}: {
  readonly line: Extract<Line, { type: 'rest' }>;
  readonly place: number;
}) {
  return (
    <div
      class="tr"
      role="row"
      aria-level={line.depth + 1}
      aria-rowindex={place + 2}
      style={{ transform: `translateY(${place * rowHeight()}px)` }}
    >
      <span role="gridcell" class="name" style={{ '--depth': line.depth }}>
        <span class="chev" />
        {line.areAllRunning && <span class="dot idle" />}
        <button
          type="button"
          class="rest"
          onClick={() => {
            fold(line.parent, true);
          }}
        >
          {grouped(line.count)} more{line.areAllRunning && ', all running'}
        </button>
      </span>
    </div>
  );
}

function moveTo(lines: readonly Line[], place: number, element: HTMLElement): void {
  const line = lines[Math.min(lines.length - 1, Math.max(0, place))];
  if (line?.type !== 'row') {
    return;
  }
  focused.value = line.row.row;
  const top =
    element.getBoundingClientRect().top + window.scrollY + lines.indexOf(line) * rowHeight();
  if (top < window.scrollY + 140 || top > window.scrollY + window.innerHeight - 100) {
    window.scrollTo({ top: top - window.innerHeight / 2 });
  }
  requestAnimationFrame(() => {
    element
      .querySelector<HTMLElement>(`[data-row="${line.row.row}"]`)
      ?.focus({ preventScroll: true });
  });
}

let typed = '';
let typedAt = 0;

function onKey(
  event: KeyboardEvent,
  lines: readonly Line[],
  shown: Mirror,
  element: HTMLElement,
): void {
  const place = lines.findIndex((line) => line.type === 'row' && line.row.row === focused.value);
  const line = lines[place];
  const row = line?.type === 'row' ? line : undefined;
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => moveTo(lines, place + 1, element),
    ArrowUp: () => moveTo(lines, place - 1, element),
    PageDown: () => moveTo(lines, place + 15, element),
    PageUp: () => moveTo(lines, place - 15, element),
    Home: () => moveTo(lines, 0, element),
    End: () =>
      moveTo(
        lines,
        lines.findLastIndex(({ type }) => type === 'row'),
        element,
      ),
    ArrowRight: () => {
      if (row?.isOpen === false) {
        fold(row.row.row, true);
      } else {
        moveTo(lines, place + 1, element);
      }
    },
    ArrowLeft: () => {
      if (row?.isOpen === true) {
        fold(row.row.row, false);
      } else if (row !== undefined) {
        moveTo(
          lines,
          lines.findIndex((one) => one.type === 'row' && one.row.row === row.row.parent),
          element,
        );
      }
    },
    Enter: () => {
      if (row !== undefined) {
        select(row.row, shown);
      }
    },
  };
  const action = keys[event.key];
  if (action !== undefined) {
    event.preventDefault();
    event.stopPropagation();
    action();
    return;
  }
  if (event.key.length === 1 && /[\p{L}_-]/u.test(event.key)) {
    typed = event.timeStamp - typedAt < 800 ? typed + event.key : event.key;
    typedAt = event.timeStamp;
    const after = [...lines.keys()].map(
      (at) => (at + place + (typed.length > 1 ? 0 : 1)) % lines.length,
    );
    const found = after.find((at) => {
      const one = lines[at];
      return one?.type === 'row' && one.row.id.toLowerCase().startsWith(typed.toLowerCase());
    });
    if (found !== undefined) {
      moveTo(lines, found, element);
    }
  }
}

/**
 * A row that is selected by a link is unfolded and brought into view. Returns whether it is there:
 * one that was folded away is drawn first.
 */
function reveal(
  shown: Mirror,
  path: string,
  lines: readonly Line[],
  element: HTMLElement | null,
): boolean {
  const row = shown.byPath(path);
  if (row === undefined || element === null) {
    return false;
  }
  const place = lines.findIndex((line) => line.type === 'row' && line.row.row === row.row);
  if (place === -1) {
    const above = shown.ancestorsOf(row.parent);
    folds.value = new Map([...folds.value, ...above.map((one) => [one, true] as const)]);
    return false;
  }
  focused.value = row.row;
  const top = element.getBoundingClientRect().top + place * rowHeight();
  if (top < 120 || top > window.innerHeight - 80) {
    window.scrollTo({ top: window.scrollY + top - window.innerHeight / 2 });
  }
  return true;
}

export function Processes() {
  void treeVersion.value;
  void figuresVersion.value;
  const list = useRef<HTMLDivElement>(null);
  const revealed = useRef<string | undefined>(undefined);
  const shown = past.value === undefined ? mirror : pastMirror;
  const lines = linesOf(shown);
  const [from, to] = visibleRange(view.value, rowHeight(), lines.length);
  const seen = lines.slice(from, to);
  show(
    seen.flatMap((line) => (line.type === 'row' && line.row.row > -1e12 ? [line.row.row] : [])),
    seen.flatMap((line) =>
      line.type === 'row' && line.row.pid !== undefined ? [line.row.pid] : [],
    ),
  );
  const { selected, filter } = route.value;

  useEffect(() => {
    const measure = (): void => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      if (top !== view.value.top || window.innerHeight !== view.value.height) {
        view.value = { top, height: window.innerHeight };
      }
    };
    measure();
    window.addEventListener('scroll', measure, { passive: true });
    window.addEventListener('resize', measure);
    return () => {
      window.removeEventListener('scroll', measure);
      window.removeEventListener('resize', measure);
    };
  }, []);
  useEffect(() => {
    // Once: what is folded away later by hand stays so.
    const wanted = selected === undefined ? undefined : `${past.value?.time ?? ''} ${selected}`;
    if (selected !== undefined && wanted !== revealed.current) {
      const isThere = reveal(shown, selected, linesOf(shown), list.current);
      revealed.current = isThere ? wanted : undefined;
    } else {
      revealed.current = wanted;
    }
  }, [selected, past.value?.time, shown.size > 0, folds.value]);

  const all = [...shown.all];
  const counts = (test: (row: TreeRow) => boolean): number => all.filter(test).length;
  const down = counts(tests.down);
  const chip = (name: Only, text: string, count: number, tone = '') => (
    <Chip
      isOn={only.value === name}
      count={count}
      tone={tone}
      onPress={() => {
        only.value = only.value === name ? undefined : name;
      }}
    >
      {text}
    </Chip>
  );
  const hasFocus = seen.some((line) => line.type === 'row' && line.row.row === focused.value);
  return (
    <>
      <div class="tools">
        <h1>Processes</h1>
        <Field
          label="Filter by id or #pid"
          value={filter}
          onInput={(value) => {
            go({ filter: value });
          }}
        />
        {chip('down', 'Not running', down, down > 0 ? 'bad' : '')}
        {past.value === undefined && chip('awaiting', 'Awaiting', counts(isAwaiting))}
        {past.value === undefined && chip('restarted', 'Restarted', counts(tests.restarted))}
        <div class="spacer" />
        <Segments
          label="Order"
          options={[
            ['tree', 'Tree'],
            ['queue', 'Queue'],
            ['rate', 'Msgs/s'],
            ['busy', 'Busy'],
            ['restarts', 'Restarts'],
          ]}
          value={order.value}
          onPick={(value) => {
            order.value = value;
          }}
        />
      </div>
      <div class={`split ${selected === undefined && past.value === undefined ? 'alone' : ''}`}>
        <div>
          <div
            class="grid"
            role="treegrid"
            aria-label="Processes"
            aria-rowcount={lines.length + 1}
            onKeyDown={(event) => {
              if (list.current !== null) {
                onKey(event, lines, shown, list.current);
              }
            }}
          >
            <div class="tr h" role="row">
              <span role="columnheader" class="first">
                Process
              </span>
              <span role="columnheader" class="opt">
                State
              </span>
              <span role="columnheader" class="r opt">
                Restarts, 1 h
              </span>
              <span role="columnheader" class="r">
                Queue
              </span>
              <span role="columnheader" class="r opt">
                Msgs/s
              </span>
              <span
                role="columnheader"
                class="r opt"
                title="Turns of its callbacks. What runs after an await on I/O is not in it."
              >
                Busy %
              </span>
              <span role="columnheader" class="r">
                Up
              </span>
            </div>
            <div
              ref={list}
              role="rowgroup"
              class="rows"
              style={{ height: `${lines.length * rowHeight()}px` }}
            >
              {seen.map((line, at) =>
                line.type === 'row' ? (
                  <RowLine
                    key={line.row.row}
                    line={line}
                    shown={shown}
                    place={from + at}
                    isTabStop={hasFocus ? line.row.row === focused.value : at === 0}
                  />
                ) : (
                  <RestLine key={`rest ${line.parent}`} line={line} place={from + at} />
                ),
              )}
            </div>
          </div>
          {lines.length === 0 && <p class="none">No process matches.</p>}
          <div class="foot">
            <span>
              <i class="dot idle" /> waits for messages
            </span>
            <span>
              <i class="dot busy" /> has run since the last look
            </span>
            <span>
              <i class="dot await" /> a callback has not settled
            </span>
            <span>
              <i class="dot down" /> does not run
            </span>
            <span>
              <i class="meter">
                <i class="on" />
                <i />
                <i />
              </i>
              restarts that count, of those allowed
            </span>
          </div>
        </div>
        {past.value !== undefined ? (
          <Around />
        ) : (
          selected !== undefined && <Panel path={selected} />
        )}
      </div>
    </>
  );
}
