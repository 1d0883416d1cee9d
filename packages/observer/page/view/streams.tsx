import { computed, signal } from '@preact/signals';
import type { Lane, Stream } from '@reprise/observer/wire';
import { useEffect, useRef } from 'preact/hooks';

import { countdown, duration, grouped, lastOf, rated, visible } from '../model/format.ts';
import { type LaneGroup, laneList } from '../model/lane-list.ts';
import { lossesOf } from '../model/lanes.ts';
import { firstPlace } from '../model/quarters.ts';
import {
  go,
  hasLag,
  judgement,
  lanes,
  now,
  past,
  route,
  show,
  streamOf,
  streamRates,
  wall,
} from '../store.ts';
import { Times } from './hour.tsx';
import { LaneShape, silentSince, span } from './lane.tsx';
import { Chip, Curve, Field, SilenceRing } from './marks.tsx';
import { linkTo } from './overview.tsx';

const only = signal<'interrupted' | 'silent' | undefined>(undefined);

function nowText(lane: Lane, stream: Stream | undefined): readonly [text: string, tone: string] {
  if (past.value !== undefined || stream === undefined) {
    // Of many streams, one that comes into view is told with the next look.
    return [lane.pid === undefined && past.value === undefined ? 'ended' : '', 'quiet'];
  }
  const {
    state,
    nextAttemptAt,
    attempt,
    failure = '',
    heardAt = 0,
    idleTimeout,
    inHandSince,
  } = stream;
  if (state !== 'connected') {
    const when =
      nextAttemptAt === undefined
        ? `attempt ${attempt}`
        : `attempt ${attempt + 1} in ${countdown(nextAttemptAt - now.value)}`;
    return [`${when}${failure === '' ? '' : ` · ${failure}`}`, 'warn'];
  }
  if (silentSince(stream) !== undefined) {
    const left =
      idleTimeout === undefined
        ? ''
        : ` · hangs up in ${countdown(heardAt + idleTimeout - now.value)}`;
    return [`silent${left}`, 'warn'];
  }
  if (inHandSince !== undefined && now.value - inHandSince > 10_000) {
    return [`handler awaits for ${duration(now.value - inHandSince)}`, 'warn'];
  }
  const losses = lossesOf(lane);
  const last = losses.at(-1)?.reason;
  return losses.length === 0
    ? ['no interruption', 'quiet']
    : [
        `${losses.length} ${losses.length === 1 ? 'reconnect' : 'reconnects'} · ${last ?? ''}`,
        'quiet',
      ];
}

function Silence({ stream }: { readonly stream: Stream | undefined }) {
  if (stream === undefined || past.value !== undefined) {
    return <span class="clock opt" />;
  }
  if (stream.state !== 'connected' || stream.heardAt === undefined) {
    return <span class="clock opt quiet">not connected</span>;
  }
  const silence = Math.max(0, now.value - stream.heardAt);
  const isLong = silentSince(stream) !== undefined;
  return (
    <span class={`clock num opt ${isLong ? 'warn' : ''}`}>
      <SilenceRing part={silence / (stream.idleTimeout ?? Infinity)} isLong={isLong} />
      {duration(silence)}
    </span>
  );
}

/** How old the last event was when it was handled. */
function Lag({ stream }: { readonly stream: Stream | undefined }) {
  const { state, lag } = stream ?? {};
  return state !== 'connected' || lag === undefined || past.value !== undefined ? (
    <span class="quiet">{past.value === undefined && '–'}</span>
  ) : (
    duration(lag)
  );
}

function Cursor({ stream }: { readonly stream: Stream | undefined }) {
  if (stream === undefined || stream.lastEventId === '') {
    return <span class="num mono opt quiet small">none</span>;
  }
  const { lastEventId, kept, unwritten } = stream;
  const title = `handled ${lastEventId}, kept ${kept ?? 'none'}, ${unwritten} not written`;
  return (
    <span class="num mono opt soft small" title={visible(title)}>
      {visible(lastEventId, 16)}
      {unwritten > 0 && <span class="quiet"> +{unwritten}</span>}
    </span>
  );
}

function StreamLine({ lane }: { readonly lane: Lane }) {
  const stream = streamOf.value.get(lane.pid ?? 0);
  const [text, tone] = nowText(lane, stream);
  const rates = stream === undefined ? [] : streamRates.of(stream.pid);
  const recent = rates.slice(-10);
  const rate = recent.reduce((sum, value) => sum + value, 0) / Math.max(1, recent.length);
  const dot =
    stream === undefined || stream.state !== 'connected'
      ? 'off'
      : silentSince(stream) === undefined
        ? 'busy'
        : 'await';
  const isSelected = route.value.selected === lane.path;
  return (
    <div
      class={`lane ${isSelected ? 'sel' : ''}`}
      role="row"
      aria-selected={isSelected}
      data-pid={lane.pid}
    >
      <span class="name" role="rowheader">
        <span class={`dot ${dot}`} />
        <a href={linkTo({ view: 'processes', selected: lane.path })} title={visible(lane.path)}>
          {visible(lastOf(lane.path), 60)}
        </a>
      </span>
      <span class="svg" role="gridcell">
        <LaneShape lane={lane} stream={stream} />
      </span>
      <span class="spark opt" role="gridcell">
        {past.value === undefined && (
          <>
            <Curve
              values={rates}
              width={58}
              height={18}
              max={Math.max(...rates, 0.1) * 1.6}
              isFilled={false}
              color="var(--ink-3)"
            />
            <span class={`num rate ${rate === 0 ? 'quiet' : ''}`}>{rated(rate)}</span>
          </>
        )}
      </span>
      <span role="gridcell" class="opt">
        <Silence stream={stream} />
      </span>
      {hasLag.value && (
        <span role="gridcell" class="opt r num">
          <Lag stream={stream} />
        </span>
      )}
      <span role="gridcell" class="opt">
        {past.value === undefined && <Cursor stream={stream} />}
      </span>
      <span role="gridcell" class={`now num ${tone}`} title={visible(text)}>
        {visible(text, 120)}
      </span>
    </div>
  );
}

/** Counted once for each list of lanes: they are sorted in each look. */
const lossCounts = computed(
  () => new Map(lanes.value.map((lane) => [lane, lossesOf(lane).length])),
);

function lossCount(lane: Lane): number {
  return lossCounts.value.get(lane) ?? 0;
}

function needsLook({ pid = 0, phases }: Lane): boolean {
  const stream = streamOf.value.get(pid);
  return stream === undefined
    ? pid !== 0 && phases.at(-1)?.type !== 'connected'
    : stream.state !== 'connected' || silentSince(stream) !== undefined;
}

/** Tells the server which lanes are in view: of many streams it has numbers of those alone. */
function showVisible(grid: HTMLElement | null): void {
  const pids = [...(grid?.querySelectorAll<HTMLElement>('[data-pid]') ?? [])].filter((lane) => {
    const { top, bottom } = lane.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  });
  show(
    [],
    pids.map((lane) => Number(lane.dataset['pid'])),
  );
}

/** The page draws no more. */
const mostShown = 200;

/** The groups that are unfolded, by name. */
const open = signal<ReadonlySet<string>>(new Set());

function Group({ group: { name, lanes: shown, folded, all } }: { readonly group: LaneGroup }) {
  const count = shown.length + folded;
  return (
    <>
      <div class="lane g" role="row">
        <span class="name" role="rowheader">
          {visible(name, 60)}{' '}
          <span class="quiet num">
            {count === all ? grouped(all) : `${grouped(count)} of ${grouped(all)}`}
          </span>
        </span>
      </div>
      {shown.map((lane) => (
        <StreamLine key={lane.path} lane={lane} />
      ))}
      {folded > 0 && (
        <div class="lane rest" role="row">
          <span role="gridcell">
            <button
              type="button"
              class="link"
              onClick={() => {
                open.value = new Set([...open.value, name]);
              }}
            >
              {grouped(folded)} more, not interrupted
            </button>
          </span>
        </div>
      )}
    </>
  );
}

export function Streams() {
  const { filter } = route.value;
  const all = lanes.value;
  const interrupted = all.filter((lane) => lossCount(lane) > 0);
  const silentPaths = new Set(
    judgement.value.findings.flatMap(({ type, path }) => (type === 'silent' ? path : [])),
  );
  const silent = all.filter(({ path }) => silentPaths.has(path));
  const chosen =
    only.value === 'interrupted' ? interrupted : only.value === 'silent' ? silent : all;
  const shown = chosen.filter(({ path }) => path.toLowerCase().includes(filter.toLowerCase()));
  const list = laneList(shown, {
    needsLook: (lane) => past.value === undefined && needsLook(lane),
    losses: lossCount,
    isOpen: (name) => filter !== '' || only.value !== undefined || open.value.has(name),
    most: mostShown,
  });
  const grid = useRef<HTMLDivElement>(null);
  // After each drawing: other lanes may be in view.
  useEffect(() => {
    showVisible(grid.current);
  });
  useEffect(() => {
    const measure = (): void => {
      showVisible(grid.current);
    };
    window.addEventListener('scroll', measure, { passive: true });
    window.addEventListener('resize', measure);
    return () => {
      window.removeEventListener('scroll', measure);
      window.removeEventListener('resize', measure);
    };
  }, []);
  const [from, until] = span();
  return (
    <>
      <div class="tools">
        <h1>Streams</h1>
        <Field
          label="Filter by id"
          value={filter}
          onInput={(value) => {
            go({ filter: value });
          }}
        />
        <Chip
          isOn={only.value === 'interrupted'}
          count={interrupted.length}
          onPress={() => {
            only.value = only.value === 'interrupted' ? undefined : 'interrupted';
          }}
        >
          Interrupted
        </Chip>
        <Chip
          isOn={only.value === 'silent'}
          count={silent.length}
          onPress={() => {
            only.value = only.value === 'silent' ? undefined : 'silent';
          }}
        >
          Silent
        </Chip>
        <div class="keys">
          <span>
            <svg viewBox="0 0 26 10" aria-hidden="true">
              <rect y="2" width="26" height="6" rx="3" fill="var(--up)" />
            </svg>
            connected
          </span>
          <span>
            <svg viewBox="0 0 26 10" aria-hidden="true">
              <rect
                x="0.75"
                y="2"
                width="24.5"
                height="6"
                rx="3"
                fill="var(--warn-soft)"
                stroke="var(--warn-line)"
                stroke-width="1.5"
              />
            </svg>
            silent
          </span>
          <span>
            <svg viewBox="0 0 26 10" aria-hidden="true">
              <rect y="4.25" width="26" height="1.5" fill="var(--wait)" />
              <rect y="-1" width="2" height="12" rx="1" fill="var(--wait)" />
              <circle
                cx="19"
                cy="5"
                r="2.75"
                fill="var(--bg)"
                stroke="var(--wait)"
                stroke-width="1.5"
              />
            </svg>
            lost, waits, tries
          </span>
        </div>
      </div>
      <div
        role="grid"
        aria-label="Streams"
        class="grid"
        ref={grid}
        tabIndex={0}
        style={{
          '--quarter': `${firstPlace(wall(from), wall(until))}%`,
          '--lag': hasLag.value ? '64px' : '',
        }}
      >
        <div class="lane h" role="row">
          <span role="columnheader">Stream</span>
          <span class="times" role="columnheader" aria-label="The last hour">
            <Times from={from} until={until} end={past.value === undefined ? 'now' : ''} />
          </span>
          <span class="r" role="columnheader">
            Events/s
          </span>
          <span role="columnheader">Silence</span>
          {hasLag.value && (
            <span role="columnheader" class="r">
              Lag
            </span>
          )}
          <span role="columnheader">Cursor + unwritten</span>
          <span role="columnheader">Now</span>
        </div>
        {list.groups.map((group) => (
          <Group key={group.name} group={group} />
        ))}
        {list.left > 0 && (
          <div role="row" class="none">
            <span role="gridcell">{grouped(list.left)} more: filter by id.</span>
          </div>
        )}
        {all.length === 0 && (
          <div role="row" class="none">
            <span role="gridcell">This system has no streams.</span>
          </div>
        )}
      </div>
    </>
  );
}
