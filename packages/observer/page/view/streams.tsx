import { signal } from '@preact/signals';

import { countdown, duration, rated, lastOf, visible } from '../model/format.ts';
import { lossesOf } from '../model/lanes.ts';
import type { Lane, Stream } from '../model/wire.ts';
import { go, lanes, now, past, route, show, streamRates, streams } from '../store.ts';
import { quarters } from './hour.tsx';
import { groupsOf, LaneShape, silentSince, span } from './lane.tsx';
import { Chip, Curve, Field, SilenceRing } from './marks.tsx';

const only = signal<'interrupted' | 'silent' | undefined>(undefined);

function nowText(lane: Lane, stream: Stream | undefined): readonly [text: string, tone: string] {
  if (past.value !== undefined || stream === undefined) {
    return [stream === undefined && past.value === undefined ? 'ended' : '', 'quiet'];
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
  const stream = streams.value.find(({ path }) => path === lane.path);
  const [text, tone] = nowText(lane, stream);
  const rates = stream === undefined ? [] : (streamRates.get(stream.pid) ?? []);
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
    <div class={`lane ${isSelected ? 'sel' : ''}`} role="row" aria-selected={isSelected}>
      <span class="name" role="rowheader">
        <span class={`dot ${dot}`} />
        <a href={`#processes?selected=${encodeURIComponent(lane.path)}`} title={visible(lane.path)}>
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
      <span role="gridcell" class="opt">
        {past.value === undefined && <Cursor stream={stream} />}
      </span>
      <span role="gridcell" class={`now num ${tone}`} title={visible(text)}>
        {visible(text, 120)}
      </span>
    </div>
  );
}

function needsLook(lane: Lane): boolean {
  const stream = streams.value.find(({ path }) => path === lane.path);
  return (
    stream !== undefined && (stream.state !== 'connected' || silentSince(stream) !== undefined)
  );
}

const mostInGroup = 200;

function Group({
  name,
  group,
  count,
}: {
  readonly name: string;
  readonly group: readonly Lane[];
  readonly count: string;
}) {
  return (
    <>
      <div class="lane g" role="row">
        <span class="name" role="rowheader">
          {visible(name, 60)} <span class="quiet num">{count}</span>
        </span>
      </div>
      {group.slice(0, mostInGroup).map((lane) => (
        <StreamLine key={lane.path} lane={lane} />
      ))}
    </>
  );
}

export function Streams() {
  const { filter } = route.value;
  const all = lanes.value;
  const interrupted = all.filter((lane) => lossesOf(lane).length > 0);
  const silent = all.filter(
    (lane) => silentSince(streams.value.find(({ path }) => path === lane.path)) !== undefined,
  );
  const chosen =
    only.value === 'interrupted' ? interrupted : only.value === 'silent' ? silent : all;
  const shown = chosen.filter(({ path }) => path.toLowerCase().includes(filter.toLowerCase()));
  const urgent = past.value === undefined ? shown.filter(needsLook) : [];
  const rest = shown
    .filter((lane) => !urgent.includes(lane))
    .toSorted((a, b) => lossesOf(b).length - lossesOf(a).length);
  show(
    [],
    streams.value.map(({ pid }) => pid),
  );
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
      <div role="grid" aria-label="Streams" class="grid" tabIndex={0}>
        <div class="lane h" role="row">
          <span role="columnheader">Stream</span>
          <span class="times" role="columnheader" aria-label="The last hour">
            {quarters(from, until).map(([at, text]) => (
              <span key={text} class="tick num" style={{ left: `${at}%` }}>
                {text}
              </span>
            ))}
          </span>
          <span class="r" role="columnheader">
            Events/s
          </span>
          <span role="columnheader">Silence</span>
          <span role="columnheader">Cursor + unwritten</span>
          <span role="columnheader">Now</span>
        </div>
        {urgent.length > 0 && (
          <Group name="Need a look" group={urgent} count={String(urgent.length)} />
        )}
        {groupsOf(rest).map(([name, group]) => (
          <Group key={name} name={name} group={group} count={String(group.length)} />
        ))}
        {all.length === 0 && (
          <div role="row" class="none">
            <span role="gridcell">This system has no streams.</span>
          </div>
        )}
      </div>
    </>
  );
}
