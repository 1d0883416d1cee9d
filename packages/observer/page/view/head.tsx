import { signal } from '@preact/signals';

import { clockTime, grouped } from '../model/format.ts';
import { type View, views } from '../model/route.ts';
import {
  connection,
  critical,
  go,
  hello,
  isPaused,
  route,
  togglePause,
  vitals,
  wall,
  past,
  now,
} from '../store.ts';
import { Logo, SearchIcon } from './marks.tsx';

const names: Readonly<Record<View, string>> = {
  overview: 'Overview',
  processes: 'Processes',
  streams: 'Streams',
  crashes: 'Crashes',
  system: 'System',
};

const icons: Readonly<Record<View, string>> = {
  overview: 'M4 11.5 10 5l6 6.5M6 10v5h8v-5',
  processes: 'M5 5h10M8 10h7M8 15h7M5 5v10h3M5 10h3',
  streams: 'M3 6h9M15 6h2M3 10h4M10 10h7M3 14h12',
  crashes: 'M11 3 5 11h4l-1 6 6-8h-4z',
  system: 'M3 14l4-5 3 3 4-7 3 4',
};

function countOf(view: View): string {
  const { rows = 0, streams = 0, connected = 0, crashes = 0 } = vitals.value ?? {};
  switch (view) {
    case 'processes':
      return grouped(rows);
    case 'streams':
      return streams === 0 ? '' : `${connected}/${streams}`;
    case 'crashes':
      return crashes === 0 ? '' : grouped(crashes);
    default:
      return '';
  }
}

function Pip({ view }: { readonly view: View }) {
  return view === 'crashes' && critical.value > 0 ? (
    <i class="pip" role="img" aria-label={`${critical.value} need a person`} />
  ) : null;
}

function Tabs() {
  return (
    <nav class="tabs" aria-label="Views">
      {views.map((view) => (
        <a
          key={view}
          class="tab"
          href={`#${view}`}
          aria-current={route.value.view === view ? 'page' : undefined}
        >
          {names[view]}
          {countOf(view) !== '' && <span class="count num">{countOf(view)}</span>}
          <Pip view={view} />
        </a>
      ))}
    </nav>
  );
}

export function BottomTabs() {
  return (
    <nav class="bottom" aria-label="Views">
      {views.map((view) => (
        <a
          key={view}
          class="tab"
          href={`#${view}`}
          aria-current={route.value.view === view ? 'page' : undefined}
        >
          <svg viewBox="0 0 20 20" class="stroke" aria-hidden="true">
            <path d={icons[view]} />
          </svg>
          {names[view]}
          <Pip view={view} />
        </a>
      ))}
    </nav>
  );
}

/** Whether what is shown is now, and since when it is not. */
export function LiveBadge() {
  const isThen = past.value !== undefined;
  if (isThen) {
    return (
      <button
        type="button"
        class="live then"
        onClick={() => {
          go({ time: undefined });
        }}
      >
        {clockTime(wall(past.value?.time ?? 0))} <span class="quiet">Back to live</span>
      </button>
    );
  }
  const time = vitals.value === undefined ? '' : clockTime(vitals.value.wall);
  if (isPaused.value || connection.value !== 'live') {
    const text = isPaused.value
      ? 'Paused'
      : connection.value === 'connecting'
        ? 'Connecting'
        : 'Lost';
    return (
      <span class="live off" role="status">
        <i /> {text}
        {time === '' ? '' : `, as of ${time}`}
      </span>
    );
  }
  return (
    <span class="live">
      <i /> Live <span class="num time">{time}</span>
    </span>
  );
}

type Theme = 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
const theme = signal<Theme>(
  (localStorage.getItem('reprise-theme') as Theme | null) ?? (dark.matches ? 'dark' : 'light'),
);
document.documentElement.dataset['theme'] = theme.value;

function switchTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem('reprise-theme', theme.value);
}

function Find() {
  return (
    <label class="find">
      <SearchIcon />
      <input
        type="search"
        id="find"
        placeholder="Find a process or stream"
        aria-label="Find a process or stream"
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            go({ view: 'processes', filter: event.currentTarget.value, selected: undefined });
            event.currentTarget.value = '';
            event.currentTarget.blur();
          }
        }}
      />
      <kbd>/</kbd>
    </label>
  );
}

export function Bar() {
  void now.value;
  const { name = 'Reprise', host = '', osPid } = hello.value ?? {};
  return (
    <div class="bar">
      <div class="brand">
        <Logo /> {name}
        {osPid !== undefined && (
          <span class="where num">
            {host} · {osPid}
          </span>
        )}
      </div>
      <Tabs />
      <div class="spacer" />
      <div class="badge-in-bar">
        <LiveBadge />
      </div>
      <Find />
      <button
        type="button"
        class="icon"
        aria-label={isPaused.value ? 'Go on' : 'Pause'}
        aria-pressed={isPaused.value}
        onClick={togglePause}
      >
        <svg width="16" height="16" viewBox="0 0 16 16" class="stroke" aria-hidden="true">
          <path d={isPaused.value ? 'M5 3.5 12 8l-7 4.5z' : 'M5.5 3.5v9M10.5 3.5v9'} />
        </svg>
      </button>
      <button type="button" class="icon" aria-label="Light or dark" onClick={switchTheme}>
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" />
          <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
        </svg>
      </button>
    </div>
  );
}
