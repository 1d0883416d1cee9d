import { batch, computed, signal } from '@preact/signals';
import type {
  Change,
  CrashGroup,
  Figures,
  Hello,
  Judgement,
  Lane,
  PastTree,
  Stream,
  ToldHour,
  TreeRow,
  Vitals,
} from '@reprise/observer/wire';

import { Announcer } from './model/announcer.ts';
import { type Connection, LiveConnection } from './model/connection.ts';
import { Mirror, rowsOfPast } from './model/mirror.ts';
import { parseJson } from './model/parse-json.ts';
import { Rates } from './model/rates.ts';
import { formatRoute, parseRoute, type Route } from './model/route.ts';
import { type Point, withPoint } from './model/samples.ts';
import { StreamRates } from './model/stream-rates.ts';
import { takeToken } from './model/token.ts';
import { wallTime } from './model/wall-time.ts';

const noHour: ToldHour = {
  from: 0,
  part: 30_000,
  changes: [],
  crashes: [],
  since: 0,
  latest: [],
  slowest: [],
};

export const token = signal(takeToken());
export const connection = signal<Connection>('connecting');
export const hello = signal<Hello | undefined>(undefined);
export const endReason = signal('');
export const vitals = signal<Vitals | undefined>(undefined);
export const judgement = signal<Judgement>({ isWell: true, text: '', findings: [] });
/** What a screen reader is told. */
export const told = signal('');
export const hour = signal<ToldHour>(noHour);
const streams = signal<readonly Stream[]>([]);
/** Once a stream has told its lag there is a column for it. */
export const hasLag = signal(false);
export const lanes = signal<readonly Lane[]>([]);
export const crashes = signal<readonly CrashGroup[]>([]);
export const points = signal<readonly Point[]>([]);
export const route = signal<Route>(parseRoute(location.hash));
export const isPaused = signal(false);
export const now = signal(0);

const announcer = new Announcer();
export const mirror = new Mirror();
export const pastMirror = new Mirror();
export const rates = new Rates();
export const streamRates = new StreamRates();
/** They rise with each change of the mirror, and of the numbers. */
export const treeVersion = signal(0);
export const figuresVersion = signal(0);

/** The past that is shown; `undefined` while live. */
export const past = signal<
  { readonly time: number; readonly changes: readonly Change[] } | undefined
>(undefined);

export const critical = computed(
  () => judgement.value.findings.filter(({ level }) => level === 'critical').length,
);

export const streamPids = computed(() => new Set(lanes.value.map(({ pid }) => pid)));

/** The streams that the server tells of: all if they are few. */
export const streamOf = computed(
  () => new Map(streams.value.map((stream) => [stream.pid, stream])),
);

/** A time of the system's clock as a time of day. */
export function wall(at: number): number {
  const { now: base = 0, wall: wallBase = 0 } = hello.value ?? {};
  return wallTime(at, vitals.value ?? { at: base, wall: wallBase });
}

export function go(change: Partial<Route>): void {
  location.hash = formatRoute({ ...route.value, ...change });
}

export async function get<Value>(path: string): Promise<Value | undefined> {
  try {
    const headers = { authorization: `Bearer ${token.value}` };
    const response = await fetch(`api/${path}`, { headers });
    return response.ok ? (parseJson(await response.text()) as Value) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns why it was not done; `""` if it was. */
export async function post(path: string, body: unknown): Promise<string> {
  try {
    const response = await send(path, JSON.stringify(body));
    return response.ok ? '' : await response.text();
  } catch {
    return 'The connection was lost.';
  }
}

function send(path: string, body: string): Promise<Response> {
  return fetch(`api/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token.value}`, 'content-type': 'application/json' },
    body,
  });
}

let shown = '';
let windowTimer = 0;

/** Tells the server which rows and streams are to be seen. */
export function show(rows: readonly number[], shownStreams: readonly number[]): void {
  const body = JSON.stringify({ rows: rows.slice(0, 200), streams: shownStreams.slice(0, 200) });
  if (body === shown) {
    return;
  }
  shown = body;
  clearTimeout(windowTimer);
  windowTimer = window.setTimeout(() => {
    sendWindow();
  }, 100);
}

function sendWindow(): void {
  const { reader } = hello.value ?? {};
  if (reader !== undefined && shown !== '') {
    void send(`live/${reader}/window`, shown).catch(() => undefined);
  }
}

const handlers: Readonly<Record<string, (data: never) => void>> = {
  hello: (data: Hello) => {
    if (hello.value !== undefined && hello.value.epoch !== data.epoch) {
      mirror.replace([]);
      points.value = [];
      hasLag.value = false;
    }
    hello.value = data;
    endReason.value = '';
    rates.clear();
    sendWindow();
  },
  snapshot: (rows: readonly TreeRow[]) => {
    mirror.replace(rows);
    treeVersion.value += 1;
  },
  changes: ({ rows, removed }: { rows: readonly TreeRow[]; removed: readonly number[] }) => {
    mirror.change(rows, removed);
    treeVersion.value += 1;
  },
  rows: ({ at, rows }: { at: number; rows: readonly Figures[] }) => {
    rates.update(at, rows, (row) => mirror.get(row)?.pid ?? 0);
    figuresVersion.value += 1;
  },
  vitals: (next: Vitals) => {
    points.value = withPoint(points.value, vitals.value, next);
    vitals.value = next;
    now.value = next.at;
  },
  findings: (next: Judgement) => {
    judgement.value = next;
    told.value = announcer.next(next);
  },
  hour: (next: ToldHour) => {
    hour.value = next;
    void refresh();
  },
  streams: (next: readonly Stream[]) => {
    streamRates.update(now.value, next);
    streams.value = next;
    hasLag.value ||= next.some(({ lag }) => lag !== undefined);
  },
  end: ({ reason }: { reason: string }) => {
    endReason.value = reason;
  },
};

let isRefreshing = false;
let isStale = false;

/** What changes with the hour alone: asked for once at a time. */
async function refresh(): Promise<void> {
  isStale = true;
  if (isRefreshing) {
    return;
  }
  isRefreshing = true;
  while (isStale) {
    isStale = false;
    await readLanes();
  }
  isRefreshing = false;
}

async function readLanes(): Promise<void> {
  const [nextLanes, nextCrashes] = await Promise.all([
    get<readonly Lane[]>('streams'),
    // Reports are long: they are read while they are shown.
    route.value.view === 'crashes' ? get<readonly CrashGroup[]>('crashes') : undefined,
  ]);
  batch(() => {
    lanes.value = nextLanes ?? lanes.value;
    crashes.value = nextCrashes ?? crashes.value;
  });
}

async function showPast(time: number | undefined): Promise<void> {
  if (time === undefined) {
    past.value = undefined;
    return;
  }
  const [trees, changes] = await Promise.all([
    get<readonly PastTree[]>(`at?time=${time}`),
    get<readonly Change[]>(`changes?time=${time}`),
  ]);
  if (route.value.time === time && trees !== undefined) {
    pastMirror.replace(rowsOfPast(trees));
    past.value = { time, changes: changes ?? [] };
    treeVersion.value += 1;
  }
}

const live = new LiveConnection(
  {
    event: (type, data) => {
      batch(() => handlers[type]?.(parseJson(data) as never));
    },
    changed: (state) => {
      connection.value = state;
    },
  },
  () => token.value,
);

export function start(): void {
  window.addEventListener('hashchange', () => {
    const next = parseRoute(location.hash);
    const { time, view } = route.value;
    route.value = next;
    if (next.view !== view) {
      void refresh();
    }
    if (next.time !== time) {
      void showPast(next.time);
    }
  });
  void showPast(route.value.time);
  live.open();
}

export function reconnect(): void {
  live.open();
}

/** A page that is paused reads nothing; it gets what it has missed when it goes on. */
export function togglePause(): void {
  isPaused.value = !isPaused.value;
  if (isPaused.value) {
    live.close();
  } else {
    live.open();
  }
}
