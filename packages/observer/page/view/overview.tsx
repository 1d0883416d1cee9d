import type { Change, Finding, MergedChange } from '@reprise/observer/wire';
import type { ComponentChildren } from 'preact';

import {
  bytes,
  clockTime,
  duration,
  grouped,
  plural,
  rated,
  shortPath,
  utc,
  visible,
} from '../model/format.ts';
import { formatRoute } from '../model/route.ts';
import {
  hello,
  hour,
  judgement,
  lanes,
  mirror,
  now,
  points,
  route,
  treeVersion,
  vitals,
  wall,
} from '../store.ts';
import { Times } from './hour.tsx';
import { ThinLanes } from './lane.tsx';
import { Bars, ChangeMark, Curve, LevelMark } from './marks.tsx';

export function linkTo(change: Partial<typeof route.value>): string {
  return formatRoute({ ...route.value, selected: undefined, filter: '', ...change });
}

const ofStreams = new Set(['notConnected', 'silent', 'lossPossible']);
const ofCrashes = new Set(['crashLoop', 'gaveUp']);

/** The top of the tree is above all of them: its name says nothing. */
function withoutTop(text: string): string {
  const { name = '' } = hello.value ?? {};
  return text.replaceAll(`${name} / `, '');
}

function FindingItem({ finding }: { readonly finding: Finding }) {
  const { level, title, detail, path, type } = finding;
  return (
    <li class="finding">
      <LevelMark level={level} />
      <div>
        <h2>{visible(withoutTop(title))}</h2>
        <p>{visible(withoutTop(detail))}</p>
      </div>
      <div class="acts">
        {ofCrashes.has(type) && (
          <a href={linkTo({ view: 'crashes', selected: path })}>Crash report</a>
        )}
        {ofStreams.has(type) ? (
          <a href={linkTo({ view: 'streams', selected: path })}>Show stream</a>
        ) : (
          <a href={linkTo({ view: 'processes', selected: path })}>Show in tree</a>
        )}
      </div>
    </li>
  );
}

/** `unit` stands behind the value, and moves with each change of its width. */
function Vital(props: {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  readonly detail: string;
  readonly tone?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="vital">
      <div class="k">{props.name}</div>
      <div class={`v num ${props.tone ?? ''}`}>
        {props.value}
        {props.unit !== undefined && <small>{props.unit}</small>}
      </div>
      {props.children}
      <div class="d num">{props.detail}</div>
    </div>
  );
}

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

function Subline() {
  const { processes = 0, streams: all = 0, connected = 0 } = vitals.value ?? {};
  const { since = 0 } = hello.value ?? {};
  void treeVersion.value;
  const [top = 0] = mirror.childrenOf(0);
  const up = now.value - (mirror.get(top)?.startedAt ?? now.value);
  const recorded = Math.min(3_600_000, now.value - since);
  const running = plural(processes, 'process runs', 'processes run');
  const ofAll = `${connected} of ${plural(all, 'stream')} ${all === 1 ? 'is' : 'are'} connected`;
  const last = recorded >= 3_590_000 ? 'hour' : duration(Math.max(0, recorded));
  // One text: a part of its own would move with each change of a number before it.
  return (
    <p class="subline">
      {`${running}${all > 0 ? `, and ${ofAll}` : ''}. Up for ${duration(up)}; the last ${last} is recorded. Times are those of ${timeZone}.`}
    </p>
  );
}

function Vitals() {
  const { crashes: byPart, changes } = hour.value;
  const last = points.value.at(-1);
  const recent = byPart.slice(-10).reduce((sum, count) => sum + count, 0);
  const inHour = byPart.reduce((sum, count) => sum + count, 0);
  const {
    processes = 0,
    streams: all = 0,
    connected = 0,
    messages = 0,
    longest,
    loopDelay = 0,
  } = vitals.value ?? {};
  const shown = points.value.slice(-240);
  const opened = Math.max(0, 1 - shown.length / 240) * 0.9;
  const lost = (vitals.value?.streams ?? 0) - (vitals.value?.connected ?? 0);
  const byTwo = Array.from({ length: 30 }, (_, at) =>
    byPart.slice(at * 4, at * 4 + 4).reduce((sum, count) => sum + count, 0),
  );
  const curve = (values: readonly number[], color?: string) => (
    <Curve values={values} opened={opened} {...(color === undefined ? {} : { color })} />
  );
  const ended = changes.reduce((sum, count) => sum + count, 0);
  return (
    <div class="vitals">
      <Vital
        name="Processes"
        value={grouped(processes)}
        detail={`${grouped(ended)} changes this hour`}
      >
        {curve(
          shown.map((point) => point.processes),
          'var(--ink-3)',
        )}
      </Vital>
      <Vital
        name="Crashes, 5 min"
        value={grouped(recent)}
        tone={recent > 0 ? 'bad' : ''}
        detail={`${grouped(inHour)} this hour`}
      >
        <Bars counts={byTwo} width={160} height={30} hot={1} />
      </Vital>
      <Vital
        name="Streams"
        value={grouped(connected)}
        unit={`of ${all}`}
        detail={lost === 0 ? 'all connected' : `${grouped(lost)} not connected`}
      >
        {curve(
          shown.map((point) => point.connected),
          'var(--up-2)',
        )}
      </Vital>
      <Vital
        name="Events a second"
        value={rated(last?.events ?? 0)}
        detail={`${bytes(last?.bytes ?? 0)}/s`}
      >
        {curve(shown.map((point) => point.events))}
      </Vital>
      <Vital
        name="Messages waiting"
        value={grouped(messages)}
        tone={messages >= 1000 ? 'warn' : ''}
        detail={
          longest === undefined
            ? 'none'
            : `${grouped(longest.messages)} in ${shortPath(longest.path)}`
        }
      >
        {curve(
          shown.map((point) => point.messages),
          messages >= 1000 ? 'var(--warn)' : undefined,
        )}
      </Vital>
      <Vital
        name="Loop delay p99, ms"
        value={loopDelay.toFixed(1)}
        detail={`heap ${bytes(vitals.value?.heapUsed ?? 0)} · CPU ${Math.round(last?.cpu ?? 0)} %`}
      >
        {curve(shown.map((point) => point.loopDelay))}
      </Vital>
    </div>
  );
}

function whatHappened({
  kind,
  lasted,
  reason,
  pid,
}: Change): readonly [what: string, detail: string] {
  switch (kind) {
    case 'crash':
      return [`#${pid} crashed after ${duration(lasted)}`, reason];
    case 'end':
      return [`#${pid} ended`, `${reason} · ran ${duration(lasted)}`];
    case 'lost':
      return ['was interrupted', `${reason} · after ${duration(lasted)}`];
    default:
      return ['is connected', ''];
  }
}

export function ChangeItem({
  change,
  isHere = false,
}: {
  readonly change: Change;
  readonly isHere?: boolean;
}) {
  const [what, detail] = whatHappened(change);
  const who = shortPath(change.path || 'a process');
  return <Item change={change} who={who} what={what} detail={detail} isHere={isHere} />;
}

/** One change, or several that are told as one. */
function MergedItem({ merged }: { readonly merged: MergedChange }) {
  const { change, count, paths, since } = merged;
  if (count === 1) {
    return <ChangeItem change={change} />;
  }
  const times = paths === 1 ? `${count} times ` : '';
  const span = change.at - since < 1000 ? times : `${times}within ${duration(change.at - since)}`;
  const details = [change.kind === 'connected' ? '' : change.reason, span.trim()];
  const who =
    paths === 1
      ? shortPath(change.path || 'a process')
      : `${paths} streams of ${parentOf(change.path)}`;
  const what = verbs[change.kind][paths === 1 ? 0 : 1];
  const detail = details.filter((text) => text !== '').join(' · ');
  return <Item change={change} who={who} what={what} detail={detail} isHere={false} />;
}

/** Of one, and of several. */
const verbs: Readonly<Record<Change['kind'], readonly [string, string]>> = {
  crash: ['crashed', 'crashed'],
  end: ['ended', 'ended'],
  lost: ['was interrupted', 'were interrupted'],
  connected: ['is connected', 'are connected'],
};

function parentOf(path: string): string {
  return path.split(' / ').at(-2) ?? path;
}

function Item(props: {
  readonly change: Change;
  readonly who: string;
  readonly what: string;
  readonly detail: string;
  readonly isHere: boolean;
}) {
  const { change, who, what, detail, isHere } = props;
  return (
    <li class={isHere ? 'here' : ''} aria-current={isHere ? 'step' : undefined}>
      <time class="num" title={utc(wall(change.at))}>
        {clockTime(wall(change.at))}
      </time>
      <ChangeMark kind={change.kind} />
      <div class="what">
        <b>{visible(who, 80)}</b> {what}
        {detail !== '' && <div class="x">{visible(detail, 160)}</div>}
      </div>
    </li>
  );
}

function StreamsOfHour() {
  const { from, part, changes } = hour.value;
  const until = from + part * changes.length;
  return (
    <section>
      <div class="section">
        <h2>Streams</h2>
        <span class="quiet">the last hour</span>
        <a class="more" href={linkTo({ view: 'streams' })}>
          All {lanes.value.length}
        </a>
      </div>
      {lanes.value.length === 0 ? <p class="none">This system has no streams.</p> : <ThinLanes />}
      <div class="loom-times">
        <Times from={from} until={until} end="now" />
      </div>
    </section>
  );
}

export function Overview() {
  const { text, findings } = judgement.value;
  return (
    <>
      <h1 class="headline">{text}</h1>
      <Subline />
      <ul class="findings" aria-label="Findings">
        {findings.map((finding) => (
          <FindingItem key={finding.id} finding={finding} />
        ))}
      </ul>
      <Vitals />
      <div class="two">
        <StreamsOfHour />
        <section>
          <div class="section">
            <h2>Latest changes</h2>
            <a class="more" href={linkTo({ view: 'crashes' })}>
              Crashes
            </a>
          </div>
          <ul class="changes">
            {hour.value.latest.map((merged) => (
              <MergedItem
                key={`${merged.change.kind} ${merged.since} ${merged.change.path}`}
                merged={merged}
              />
            ))}
          </ul>
          {hour.value.latest.length === 0 && <p class="none">Nothing has changed so far.</p>}
        </section>
      </div>
    </>
  );
}
