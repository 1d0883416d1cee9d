import { signal } from '@preact/signals';
import type { LastMessage, Other, ProcessPage, TreeRow } from '@reprise/observer/wire';
import { useEffect } from 'preact/hooks';

import { clockTime, duration, grouped, lastOf, rated, utc, visible } from '../model/format.ts';
import { written } from '../model/written.ts';
import { figuresVersion, get, go, mirror, now, past, rates, treeVersion, wall } from '../store.ts';
import { Actions } from './actions.tsx';
import { Countdown, Meter } from './marks.tsx';
import { ChangeItem, linkTo } from './overview.tsx';

const page = signal<ProcessPage | undefined>(undefined);

async function load(pid: number): Promise<void> {
  page.value = await get<ProcessPage>(`process/${pid}?messages`);
}

function Links({ others }: { readonly others: readonly Other[] }) {
  return others.length === 0 ? (
    <>none</>
  ) : (
    <>
      {others.slice(0, 4).map(({ pid, path }, at) => (
        <span key={pid}>
          {at > 0 && ', '}
          <a href={linkTo({ view: 'processes', selected: path })} title={visible(path)}>
            {visible(lastOf(path), 40)}
          </a>
        </span>
      ))}
      {others.length > 4 && ` and ${others.length - 4} more`}
    </>
  );
}

function Path({ path }: { readonly path: string }) {
  const ids = path.split(' / ');
  return (
    <nav class="path" aria-label="Above it">
      {ids.slice(0, -1).map((id, at) => (
        <span key={at}>
          <a href={linkTo({ view: 'processes', selected: ids.slice(0, at + 1).join(' / ') })}>
            {visible(id, 40)}
          </a>{' '}
          ›
        </span>
      ))}
    </nav>
  );
}

function Status({ row }: { readonly row: TreeRow }) {
  void figuresVersion.value;
  const { awaitingSince, queue = 0 } = rates.get(row.row) ?? {};
  if (row.nextStartAt !== undefined) {
    const part = row.delay === undefined ? 0 : 1 - (row.nextStartAt - now.value) / row.delay;
    return (
      <>
        <div class="status bad">
          <span class="dot down" />
          <span>
            starts again in <Countdown at={row.nextStartAt} />
          </span>
        </div>
        <div class="pause">
          <i style={{ width: `${Math.min(1, Math.max(0, part)) * 100}%` }} />
        </div>
      </>
    );
  }
  if (row.state !== 'running') {
    return (
      <div class="status soft">
        <span class="dot off" /> {row.state}
      </div>
    );
  }
  if (awaitingSince !== undefined && now.value - awaitingSince > 1000) {
    return (
      <div class={`status ${now.value - awaitingSince > 10_000 ? 'warn' : 'soft'}`}>
        <span class="dot await" />
        <span>
          Its callback has not settled for <b class="num">{duration(now.value - awaitingSince)}</b>
        </span>
      </div>
    );
  }
  return (
    <div class="status soft">
      <span class="dot idle" />{' '}
      {queue === 0 ? 'waits for messages' : `${grouped(queue)} messages wait`}
    </div>
  );
}

/** A value of the program, as text alone. */
function Written({ value, limit }: { readonly value: unknown; readonly limit: number }) {
  return (
    <pre tabIndex={0}>
      {written(value, limit).map(({ text, type }, at) =>
        type === undefined ? (
          text
        ) : (
          <span key={at} class={classes[type]}>
            {text}
          </span>
        ),
      )}
    </pre>
  );
}

const classes = { key: 'k', text: 's', hidden: 'hid', note: 'quiet' } as const;

function Facts({ row, shown }: { readonly row: TreeRow; readonly shown: ProcessPage | undefined }) {
  void figuresVersion.value;
  const { rate, busy, queue } = rates.get(row.row) ?? {};
  const facts: readonly (readonly [string, unknown])[] = [
    ['Queue', queue === undefined ? '' : grouped(queue)],
    ['Up', row.startedAt === undefined ? '' : duration(now.value - row.startedAt)],
    ['Handled', shown === undefined ? '' : grouped(shown.handled)],
    ['Msgs/s', rate === undefined ? '' : rated(rate)],
    ['Busy', busy === undefined ? '' : `${rated(busy)} %`],
    ['Restart', row.restart ?? 'none'],
    ['Restarts', grouped(row.restarts)],
    ['Linked', <Links others={shown?.links ?? []} />],
    ['Watches', <Links others={shown?.monitors ?? []} />],
    ['Watched by', <Links others={shown?.monitoredBy ?? []} />],
  ];
  return (
    <dl class="facts num">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value as never}</dd>
        </div>
      ))}
    </dl>
  );
}

function Hand({ shown }: { readonly shown: ProcessPage }) {
  const { inHand } = shown;
  if (inHand === undefined) {
    return null;
  }
  const { callback = '', since, message } = inHand;
  return (
    <section>
      <h3>
        In hand
        <span class="end num">
          {visible(callback)}
          {since !== undefined && ` for ${duration(now.value - since)}`}
        </span>
      </h3>
      {message === undefined ? (
        <p class="quiet">It handles no message.</p>
      ) : (
        <Written value={message} limit={2000} />
      )}
    </section>
  );
}

/** How the table names what has become of a message; nothing for one that is done. */
const outcomes = {
  waiting: 'waits',
  inHand: 'in hand',
  done: '',
  ended: 'not done',
  dropped: 'dropped',
} as const;

const span = (ms: number | undefined): string => (ms === undefined ? '' : duration(ms));

function Messages({ messages }: { readonly messages: readonly LastMessage[] }) {
  return (
    <section>
      <h3>
        Last messages <span class="end">recorded while this is open</span>
      </h3>
      <div class="msgs num" role="table" aria-label="Last messages">
        <div role="row" class="th">
          <span role="columnheader">Ago</span>
          <span role="columnheader">Message</span>
          <span role="columnheader">Waited</span>
          <span role="columnheader">Took</span>
        </div>
        {messages.map(({ name, outcome, age, waited, took }, at) => {
          const tone = outcome === 'inHand' && took !== undefined && took > 10_000 ? 'warn' : '';
          return (
            <div key={at} role="row">
              <span role="cell" class="quiet">
                {age === undefined ? 'before' : duration(age)}
              </span>
              <span role="cell">
                {visible(name)} <span class={tone || 'quiet'}>{outcomes[outcome]}</span>
              </span>
              <span role="cell">{span(waited)}</span>
              <span role="cell" class={tone}>
                {span(took)}
              </span>
            </div>
          );
        })}
        {messages.length === 0 && (
          <div role="row">
            <span role="cell" class="quiet">
              none yet
            </span>
          </div>
        )}
      </div>
    </section>
  );
}

function Ends({ shown, row }: { readonly shown: ProcessPage | undefined; readonly row: TreeRow }) {
  const lives = shown?.lives ?? [];
  return (
    <section>
      <h3>
        Ends and restarts
        {lives.length === 0 && row.reason === undefined && (
          <span class="end">none in the last hour</span>
        )}
      </h3>
      {row.reason !== undefined && (
        <p class="soft">
          The last end: {visible(row.reason, 300)}{' '}
          <a href={linkTo({ view: 'crashes', selected: mirror.pathOf(row.row) })}>Crash report</a>
        </p>
      )}
      <ul class="ends num">
        {lives.slice(-5).map(({ pid, startedAt, endedAt, reason }) => (
          <li key={pid}>
            <span class="quiet" title={utc(wall(endedAt))}>
              {clockTime(wall(endedAt))}
            </span>
            <span class="ellipsis">
              #{pid} {visible(reason, 100)}
            </span>
            <span class="quiet">{duration(endedAt - startedAt)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One process. It stays with the child when that is started again. */
export function Panel({ path }: { readonly path: string }) {
  // Its props stay the same while the row changes.
  void treeVersion.value;
  const row = mirror.byPath(path);
  const pid = row?.pid;
  useEffect(() => {
    page.value = undefined;
    if (pid === undefined) {
      return undefined;
    }
    void load(pid);
    const timer = setInterval(() => {
      if (!document.hidden) {
        void load(pid);
      }
    }, 1000);
    return () => {
      clearInterval(timer);
    };
  }, [pid]);
  if (row === undefined) {
    return (
      <aside class="panel" aria-label="Selected process">
        <header>
          <h2>{visible(lastOf(path), 60)}</h2>
          <div class="status soft">It is not there any more.</div>
        </header>
      </aside>
    );
  }
  const shown = page.value?.pid === pid ? page.value : undefined;
  return (
    <aside class="panel" aria-label={visible(row.id, 60)}>
      <header>
        <Path path={path} />
        <h2>
          {visible(row.id, 60)} {pid !== undefined && <span class="mono quiet">#{pid}</span>}
          <button
            type="button"
            class="icon close"
            aria-label="Close"
            onClick={() => {
              go({ selected: undefined });
            }}
          >
            ×
          </button>
        </h2>
        <Status row={row} />
        {row.supervises !== undefined && (
          <div class="status soft num">
            {row.supervises.strategy} · {row.supervises.counting} of {row.supervises.maxRestarts}{' '}
            restarts in {row.supervises.maxSeconds} s <Meter {...row.supervises} />
          </div>
        )}
        <Actions row={row} />
      </header>
      <section>
        <Facts row={row} shown={shown} />
      </section>
      {shown?.lastMessages !== undefined && <Messages messages={shown.lastMessages} />}
      {shown !== undefined && <Hand shown={shown} />}
      {shown !== undefined && (
        <section>
          <h3>
            State{' '}
            <span class="end">
              {shown.isStateHidden ? 'hidden by the options' : 'without secrets'}
            </span>
          </h3>
          {shown.state !== undefined && <Written value={shown.state} limit={4000} />}
          {shown.state === undefined && !shown.isStateHidden && (
            <p class="quiet">It has none to show.</p>
          )}
        </section>
      )}
      <Ends shown={shown} row={row} />
    </aside>
  );
}

/** What happened around the moment that is shown. */
export function Around() {
  const { time = 0, changes = [] } = past.value ?? {};
  const here = changes.findLastIndex(({ at }) => at <= time);
  const step = (by: number): void => {
    const next =
      by < 0
        ? changes.findLast(({ at }) => at < time - 1)
        : changes.find(({ at }) => at > time + 1);
    if (next !== undefined) {
      go({ time: next.at });
    }
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLInputElement || event.defaultPrevented) {
        return;
      }
      if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
        step(event.key === 'ArrowLeft' ? -1 : 1);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  });
  return (
    <aside class="panel" aria-label={`Around ${clockTime(wall(time))}`}>
      <header>
        <div class="path">Around this moment</div>
        <h2 class="num" title={utc(wall(time))}>
          {clockTime(wall(time))}
        </h2>
        <div class="status soft">
          Structure and streams as they were. Queues and rates are not kept.
        </div>
      </header>
      <section>
        <ul class="changes steps num">
          {changes.slice(Math.max(0, here - 4), Math.max(0, here - 4) + 8).map((change) => (
            <ChangeItem
              key={`${change.at} ${change.path} ${change.kind} ${change.pid}`}
              change={change}
              isHere={change === changes[here]}
            />
          ))}
        </ul>
        {changes.length === 0 && <p class="none">Nothing is recorded around it.</p>}
      </section>
      <section>
        <div class="acts-row">
          <button
            type="button"
            class="btn"
            onClick={() => {
              step(-1);
            }}
          >
            Earlier
          </button>
          <button
            type="button"
            class="btn"
            onClick={() => {
              step(1);
            }}
          >
            Later
          </button>
          <span class="quiet keys">
            <kbd>←</kbd> <kbd>→</kbd> step, <kbd>Esc</kbd> live
          </span>
        </div>
      </section>
    </aside>
  );
}
