import { signal } from '@preact/signals';

import { clockTime, visible } from '../model/format.ts';
import { views } from '../model/route.ts';
import { keepToken } from '../model/token.ts';
import {
  connection,
  critical,
  endReason,
  go,
  hello,
  past,
  reconnect,
  route,
  token,
  told,
  vitals,
} from '../store.ts';
import { Crashes } from './crashes.tsx';
import { Bar, BottomTabs } from './head.tsx';
import { HourStrip } from './hour.tsx';
import { Overview } from './overview.tsx';
import { Processes } from './processes.tsx';
import { Streams } from './streams.tsx';
import { System } from './system.tsx';

const typed = signal('');

function AskToken() {
  return (
    <form
      class="ask"
      onSubmit={(event) => {
        event.preventDefault();
        keepToken(typed.value.trim());
        token.value = typed.value.trim().replace(/^.*#/, '');
        reconnect();
      }}
    >
      <h1 class="headline">Which token?</h1>
      <p class="subline">The program prints it with the address of this page, after the #.</p>
      <label class="field">
        <input
          type="password"
          aria-label="Token"
          autocomplete="off"
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" class="btn">
        Look
      </button>
    </form>
  );
}

function Main() {
  switch (route.value.view) {
    case 'processes':
      return <Processes />;
    case 'streams':
      return <Streams />;
    case 'crashes':
      return <Crashes />;
    case 'system':
      return <System />;
    default:
      return <Overview />;
  }
}

function Forbidden() {
  return (
    <div class="ask">
      <h1 class="headline">Not allowed</h1>
      <p class="subline">The program does not let you look.</p>
    </div>
  );
}

function noticeText(): string {
  switch (connection.value) {
    case 'full':
      return 'As many pages look at this program as may. This one goes on when another is closed.';
    case 'barred':
      return 'Too many wrong tokens have come from here. This page tries again within a minute.';
    case 'lost':
      return endReason.value === ''
        ? ''
        : `The system has ended: ${endReason.value}. This is how it was at ${clockTime(vitals.value?.wall ?? Date.now())}.`;
    default:
      return '';
  }
}

function Notice() {
  const text = noticeText();
  return text === '' ? null : (
    <p class="notice" role="status">
      {text}
    </p>
  );
}

function title(): string {
  const name = hello.value?.name ?? 'Reprise';
  return critical.value > 0 ? `(${critical.value}) ${name}` : name;
}

export function App() {
  document.title = title();
  if (connection.value === 'denied' || connection.value === 'forbidden') {
    return <main id="main">{connection.value === 'denied' ? <AskToken /> : <Forbidden />}</main>;
  }
  const isStale = ['lost', 'full', 'barred'].includes(connection.value) && past.value === undefined;
  return (
    <>
      <button
        type="button"
        class="skip"
        onClick={() => {
          document.getElementById('main')?.focus();
        }}
      >
        Skip to the view
      </button>
      <header class="head">
        <Bar />
        <HourStrip />
      </header>
      <main id="main" class={isStale ? 'stale' : ''} tabIndex={-1}>
        <Notice />
        <p class="unseen" role="status">
          {visible(told.value, 1000)}
        </p>
        {hello.value !== undefined && <Main />}
      </main>
      <BottomTabs />
    </>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement;
}

window.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  if (event.key === 'Escape') {
    if (isTyping(event.target)) {
      (event.target as HTMLElement).blur();
    } else {
      go({ time: undefined });
    }
    return;
  }
  if (isTyping(event.target)) {
    return;
  }
  const view = views[Number(event.key) - 1];
  if (view !== undefined) {
    go({ view, selected: undefined, filter: '' });
  } else if (event.key === '/') {
    event.preventDefault();
    document.getElementById('find')?.focus();
  }
});
