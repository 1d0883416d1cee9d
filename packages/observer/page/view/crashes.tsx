import { signal } from '@preact/signals';
import type { CrashGroup, CrashReport, EndedLife } from '@reprise/observer/wire';

import { clockTime, duration, grouped, shortPath, utc, visible } from '../model/format.ts';
import {
  crashes,
  get,
  go,
  hello,
  hour,
  mirror,
  route,
  treeVersion,
  vitals,
  wall,
} from '../store.ts';
import { Field, Segments } from './marks.tsx';
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
  const isNow = lastAt > hour.value.from + hour.value.part * hour.value.changes.length - 600_000;
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
      <span class={`c ${isNow && count > 4 ? 'bad' : ''}`}>{grouped(count)}</span>
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

function Followed({ group, report }: { readonly group: CrashGroup; readonly report: CrashReport }) {
  void treeVersion.value;
  const row = mirror.byPath(group.path);
  const parent = mirror.get(row?.parent ?? 0);
  const { supervises } = parent ?? {};
  const time = clockTime(wall(report.at));
  return (
    <ul class="chain num">
      <li>
        <span class="dot down" />
        <span>
          <b>{visible(shortPath(group.path), 60)}</b> {visible(pidIn(report.process))}{' '}
          {group.kind === 'gaveUp'
            ? 'gave up'
            : group.kind === 'start'
              ? 'could not be started'
              : 'crashed'}
        </span>
        <span class="quiet" title={utc(wall(report.at))}>
          {time}
        </span>
      </li>
      {report.takenAlong.map((text) => (
        <li key={text}>
          <span class="dot off" />
          <span>{visible(text)}, taken along</span>
          <span />
        </li>
      ))}
      {supervises !== undefined && supervises.counting > 0 && (
        <li>
          <span class="dot idle" />
          <span>
            <b>{visible(parent?.id ?? '', 60)}</b> counts {supervises.counting} of{' '}
            {supervises.maxRestarts} restarts in {supervises.maxSeconds} s
          </span>
          <span />
        </li>
      )}
      {row?.state === 'running' && (
        <li>
          <span class="dot idle" />
          <span>
            <b>{visible(row.id, 60)}</b> runs as #{row.pid}
          </span>
          <span class="quiet">{row.startedAt !== undefined && clockTime(wall(row.startedAt))}</span>
        </li>
      )}
      {row?.nextStartAt !== undefined && (
        <li>
          <span class="dot off" />
          <span>
            <b>{visible(row.id, 60)}</b> is to start again, after {duration(row.delay ?? 0)}
          </span>
          <span class="quiet">{clockTime(wall(row.nextStartAt))}</span>
        </li>
      )}
    </ul>
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
      {list.map(({ pid, startedAt, endedAt, handled, reason }) => (
        <div role="row" class="contents" key={pid}>
          <span role="cell" class="mono soft">
            #{pid}
          </span>
          <span role="cell">{clockTime(wall(startedAt))}</span>
          <span role="cell">{duration(endedAt - startedAt)}</span>
          <span role="cell">{grouped(handled)}</span>
          <span role="cell" class="ellipsis">
            {visible(reason, 100)}
          </span>
        </div>
      ))}
    </div>
  );
}

async function loadLives(path: string): Promise<void> {
  lives.value = { path, list: [] };
  const list = await get<readonly EndedLife[]>(`lives?path=${encodeURIComponent(path)}`);
  if (lives.value.path === path) {
    lives.value = { path, list: list ?? [] };
  }
}

function Report({ group }: { readonly group: CrashGroup }) {
  const report = group[which.value];
  if (lives.value.path !== group.path) {
    void loadLives(group.path);
  }
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
      {(report.message !== undefined || report.state !== undefined) && (
        <>
          <h3>In hand</h3>
          <pre tabIndex={0}>
            {report.message !== undefined && `message  ${visible(report.message, 1500)}\n`}
            {report.state !== undefined && `state    ${visible(report.state, 1500)}`}
          </pre>
        </>
      )}
      {lives.value.list.length > 0 && (
        <>
          <h3>Its lives</h3>
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
