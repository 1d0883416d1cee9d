import { signal } from '@preact/signals';
import type { CrashGroup, CrashReport, EndedLife } from '@reprise/observer/wire';
import { useEffect } from 'preact/hooks';

import { crashBars } from '../model/crash-bars.ts';
import {
  clockTime,
  duration,
  grouped,
  lastOf,
  plural,
  shortPath,
  utc,
  visible,
} from '../model/format.ts';
import { type LifeLine, lifeLines } from '../model/lives.ts';
import {
  crashes,
  figuresVersion,
  get,
  go,
  hello,
  hour,
  mirror,
  rates,
  route,
  treeVersion,
  vitals,
  wall,
} from '../store.ts';
import { Bars, Field, Segments } from './marks.tsx';
import { linkTo } from './overview.tsx';

const which = signal<'last' | 'first'>('last');
const lives = signal<{ readonly path: string; readonly list: readonly EndedLife[] }>({
  path: '',
  list: [],
});

function keyOf({ path, kind, reason }: CrashGroup): string {
  return `${path} | ${kind} | ${reason}`;
}

function GroupItem({
  group,
  isSelected,
}: {
  readonly group: CrashGroup;
  readonly isSelected: boolean;
}) {
  const { path, last, count, firstAt, lastAt } = group;
  const times =
    count === 1
      ? clockTime(wall(lastAt))
      : `${clockTime(wall(firstAt))} – ${clockTime(wall(lastAt))}`;
  const until = hour.value.from + hour.value.part * hour.value.changes.length;
  const isBad = lastAt > until - 600_000 && count > 4;
  return (
    <button
      type="button"
      class={`group ${isSelected ? 'sel' : ''}`}
      role="option"
      aria-selected={isSelected}
      onClick={() => {
        go({ selected: keyOf(group) });
      }}
    >
      <span class="t">
        {visible(shortPath(path), 60)} <span class="quiet num">{times}</span>
      </span>
      <Bars counts={crashBars(group.recent, until)} height={28} hot={isBad ? 1 : Infinity} />
      <span class={`c ${isBad ? 'bad' : ''}`}>{grouped(count)}</span>
      <span class="m">{visible(last.reason, 120)}</span>
    </button>
  );
}

const foreign =
  /node:|node_modules|@reprise|packages\/(?:actor|sse|observer)\/src|\(native|<anonymous>/;

/** The frames of the program's own code stand out. */
function Stack({ text }: { readonly text: string }) {
  return (
    <pre tabIndex={0}>
      {text.split('\n').map((line, at) => {
        const isFrame = /^\s+at /.test(line);
        const isOwn = !isFrame || !foreign.test(line);
        return (
          <span key={at} class={isOwn ? 'k' : ''}>
            {visible(line.replace(`file://${hello.value?.folder ?? ''}/`, ''), 300)}
            {'\n'}
          </span>
        );
      })}
    </pre>
  );
}

/** `#Pid<116>` as the rest of the page writes it. */
function pidIn(process: string): string {
  return process.replace(/#Pid<(\d+)>/, '#$1');
}

function Step(props: {
  readonly dot: 'down' | 'off' | 'idle' | 'await';
  readonly who: string;
  readonly text: string;
  readonly at?: number | undefined;
}) {
  const { dot, who, text, at } = props;
  return (
    <li>
      <span class={`dot ${dot}`} />
      <span>
        <b>{visible(who, 60)}</b> {visible(text)}
      </span>
      {at === undefined ? (
        <span />
      ) : (
        <span class="quiet" title={utc(wall(at))}>
          {clockTime(wall(at))}
        </span>
      )}
    </li>
  );
}

function endText({ kind }: CrashGroup, { isInInit, process }: CrashReport): string {
  const pid = pidIn(process);
  const life = lives.value.list.find((one) => pid === `#${one.pid}`);
  const after =
    life === undefined ? '' : `, ${duration(life.endedAt - life.startedAt)} after its start`;
  return kind === 'gaveUp'
    ? `${pid} gave up`
    : isInInit
      ? `${pid} ended in init${after}`
      : kind === 'start'
        ? 'could not be started'
        : `${pid} crashed${after}`;
}

function restartText(restart: NonNullable<CrashGroup['restart']>, isAlone: boolean): string {
  const { number, counted, maxRestarts, maxSeconds, strategy } = restart;
  const of = counted === undefined ? '' : `: ${counted} of ${maxRestarts} within ${maxSeconds} s`;
  const which = number === 0 ? 'a restart' : `restart ${grouped(number)}`;
  return `counted ${which}${of}${isAlone ? `; takes nobody along (${strategy})` : ''}`;
}

/** What the supervisor did, and how it is now: of the newest crash of a process. */
function Since({ group, report }: { readonly group: CrashGroup; readonly report: CrashReport }) {
  void treeVersion.value;
  void figuresVersion.value;
  const { path, restart } = group;
  const row = mirror.byPath(path);
  return (
    <>
      {restart !== undefined && (
        <Step
          dot="idle"
          who={lastOf(restart.supervisor)}
          text={restartText(restart, report.takenAlong.length === 0)}
          at={restart.at}
        />
      )}
      {restart?.waiting.map((other) => {
        const messages = rates.get(mirror.byPath(other.path)?.row ?? 0)?.queue ?? other.messages;
        return (
          <Step
            key={other.pid}
            dot="await"
            who={lastOf(other.path)}
            text={`watches it: ${plural(messages, 'message waits', 'messages wait')} there now`}
          />
        );
      })}
      {row?.state === 'running' && (
        <Step dot="idle" who={row.id} text={`runs as #${row.pid}`} at={row.startedAt} />
      )}
      {row?.nextStartAt !== undefined && (
        <Step
          dot="off"
          who={row.id}
          text={`is to start again after ${duration(row.delay ?? 0)}`}
          at={row.nextStartAt}
        />
      )}
    </>
  );
}

function Followed({ group, report }: { readonly group: CrashGroup; readonly report: CrashReport }) {
  const newest = crashes.value.find(({ path }) => path === group.path);
  return (
    <ul class="chain num">
      <Step dot="down" who={lastOf(group.path)} text={endText(group, report)} at={report.at} />
      {report.takenAlong.map((text) => (
        <li key={text}>
          <span class="dot off" />
          <span>{visible(text)}, taken along</span>
          <span />
        </li>
      ))}
      {newest === group && report === group.last && <Since group={group} report={report} />}
    </ul>
  );
}

function LifeRow({ line }: { readonly line: LifeLine }) {
  const isOne = line.type === 'life';
  const cells = isOne
    ? [
        `#${line.life.pid}`,
        clockTime(wall(line.life.startedAt)),
        duration(line.life.endedAt - line.life.startedAt),
        grouped(line.life.handled),
        line.life.reason,
      ]
    : [
        '…',
        `${grouped(line.count)} more`,
        `${duration(line.each)} each`,
        grouped(line.handled),
        line.reason,
      ];
  const classes = ['mono soft', '', '', '', 'ellipsis'];
  return (
    <div role="row" class={isOne ? 'contents' : 'contents more'}>
      {cells.map((text, at) => (
        <span key={at} role="cell" class={`${classes[at]} ${isOne ? '' : 'quiet'}`}>
          {visible(text, 100)}
        </span>
      ))}
    </div>
  );
}

function Lives({ list }: { readonly list: readonly EndedLife[] }) {
  return (
    <div class="lives num" role="table" aria-label="Its lives">
      <div role="row" class="contents">
        {['Process', 'Started', 'Lived', 'Messages', 'Ended by'].map((text) => (
          <span key={text} role="columnheader" class="quiet">
            {text}
          </span>
        ))}
      </div>
      {lifeLines(list).map((line, at) => (
        <LifeRow key={at} line={line} />
      ))}
    </div>
  );
}

/** So many lives are told at most. */
const mostLives = 100;

async function loadLives(path: string): Promise<void> {
  if (lives.value.path !== path) {
    lives.value = { path, list: [] };
  }
  const list = await get<readonly EndedLife[]>(`lives?path=${encodeURIComponent(path)}`);
  if (lives.value.path === path) {
    lives.value = { path, list: list ?? lives.value.list };
  }
}

function Report({ group }: { readonly group: CrashGroup }) {
  const report = group[which.value];
  const { path, lastAt } = group;
  useEffect(() => {
    void loadLives(path);
  }, [path, lastAt]);
  const copy = (): void => {
    const { reason, stack = '', message = '', state = '' } = report;
    void navigator.clipboard.writeText([group.path, reason, stack, message, state].join('\n'));
  };
  return (
    <article class="report">
      <h2>{visible(report.reason, 200)}</h2>
      <div class="meta num">
        <a href={linkTo({ view: 'processes', selected: group.path })}>
          {visible(group.path.replaceAll(' / ', ' › '))}
        </a>
        <span class="quiet">·</span>
        {group.count === 1
          ? `once, ${clockTime(wall(group.lastAt))}`
          : `${grouped(group.count)} times, first ${clockTime(wall(group.firstAt))}, last ${clockTime(wall(group.lastAt))}`}
        {report.isInInit && (
          <>
            <span class="quiet">·</span>in init
          </>
        )}
      </div>
      <div class="acts-row">
        <Segments
          label="Which one"
          options={[
            ['last', 'Last'],
            ['first', 'First'],
          ]}
          value={which.value}
          onPick={(value) => {
            which.value = value;
          }}
        />
        <a class="btn" href={linkTo({ view: 'processes', selected: group.path, time: report.at })}>
          The tree at that time
        </a>
        <button type="button" class="btn" onClick={copy}>
          Copy as text
        </button>
      </div>
      <h3>What followed</h3>
      <Followed group={group} report={report} />
      <h3>Stack</h3>
      <Stack text={report.stack ?? report.reason} />
      {(report.message !== undefined || report.state !== undefined || report.isInInit) && (
        <>
          <h3>In hand</h3>
          <pre tabIndex={0}>
            {report.isInInit && 'message  none: it was in init'}
            {report.message !== undefined && `message  ${visible(report.message, 1500)}\n`}
            {report.state !== undefined && `state    ${visible(report.state, 1500)}`}
          </pre>
        </>
      )}
      {lives.value.list.length > 0 && (
        <>
          <h3>
            {lives.value.list.length < mostLives ? 'Its lives' : `Its last ${mostLives} lives`}
          </h3>
          <Lives list={lives.value.list} />
        </>
      )}
    </article>
  );
}

function noneText(filter: string): string {
  if ((vitals.value?.crashes ?? 0) === 0) {
    return 'Nothing has crashed.';
  }
  return filter === '' ? 'The reports are being read.' : 'No crash matches.';
}

export function Crashes() {
  const { filter, selected } = route.value;
  const needle = filter.toLowerCase();
  const shown = crashes.value.filter(({ path, reason }) =>
    `${path} ${reason}`.toLowerCase().includes(needle),
  );
  const group =
    shown.find((one) => keyOf(one) === selected) ??
    shown.find(({ path }) => path === selected) ??
    shown[0];
  return (
    <>
      <div class="tools">
        <h1>Crashes</h1>
        <Field
          label="Filter by process or reason"
          value={filter}
          onInput={(value) => {
            go({ filter: value });
          }}
        />
        <span class="quiet num">
          {grouped(vitals.value?.crashes ?? 0)} in {crashes.value.length}{' '}
          {crashes.value.length === 1 ? 'group' : 'groups'}
        </span>
      </div>
      {group === undefined ? (
        <p class="none">{noneText(filter)}</p>
      ) : (
        <div class="cols">
          <div role="listbox" aria-label="Groups of crashes" class="groups">
            {shown.map((one) => (
              <GroupItem key={keyOf(one)} group={one} isSelected={one === group} />
            ))}
          </div>
          <Report group={group} />
        </div>
      )}
    </>
  );
}
