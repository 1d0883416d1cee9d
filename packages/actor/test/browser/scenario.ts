import {
  createSystem,
  ExitError,
  formatReason,
  GenServer,
  noreply,
  ok,
  reply,
  send,
  Supervisor,
  type System,
} from '@reprise/actor';

/** The result that the page returns to the test. */
export interface Outcome {
  /** The globals that only Node has: none in a page. */
  readonly foreign: readonly string[];
  /** The reason with which a call to the crashing child rejects. */
  readonly crash: string;
  /** The reply of the child after its restart. */
  readonly fresh: number;
  /** The last of 1,000 replies. */
  readonly last: number;
  /** How often a timer fired while a process flooded itself. The scenario waits for that. */
  readonly ticks: number;
  /** Whether the flood was still going on after the last of them. */
  readonly isFlooded: boolean;
  readonly exited: string;
  /** The lines that the logger wrote. */
  readonly reports: readonly string[];
}

/**
 * Runs in a page: a crash and a restart, many calls, a flood that must not starve timers, and an
 * orderly end.
 */
export async function run(): Promise<Outcome> {
  const reports = keepReports();
  const system = createSystem();
  const app = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    children: [GenServer.childSpec(counter, 1, { id: 'counter' })],
  });
  const crash = await crashOf(Supervisor.child(app, 'counter'));
  // The supervisor answers in order: it has handled the crash by then.
  await Supervisor.whichChildren(app);
  const server = Supervisor.child(app, 'counter');
  const fresh = await GenServer.call(server, 'next');
  const last = await callOften(server, 1000);
  const flood = await tickUnderFlood(system);
  await system.stop();
  const exited = formatReason(await system.whenExited);
  return { foreign: foreign(), crash, fresh, last, ...flood, exited, reports };
}

const counter = GenServer.define({
  init: (start: number) => ok(start),
  handleCall: { next: (_payload, count) => reply(count, count + 1) },
  handleCast: {
    fail: () => {
      throw new Error('boom');
    },
  },
});

type Counter = GenServer.ServerOf<typeof counter>;

/** Reached only if the scheduler starves timers: the test then fails instead of hanging. */
const longest = 5000;

/**
 * Sends itself a message for each one that it handles: its mailbox is never empty, until it is
 * stopped or reaches the limit.
 */
const flooder = GenServer.define({
  init: () => ok({ until: performance.now() + longest }),
  handleCall: { isFlooding: (_payload, state) => reply(performance.now() < state.until, state) },
  handleInfo: (message: 'go', state, self) => {
    if (performance.now() < state.until) {
      send(self.pid, message);
    }
    return noreply(state);
  },
});

async function crashOf(server: Counter): Promise<string> {
  GenServer.cast(server, 'fail');
  try {
    return `replied ${await GenServer.call(server, 'next')}`;
  } catch (error) {
    return error instanceof ExitError ? formatReason(error.reason) : String(error);
  }
}

async function callOften(server: Counter, times: number): Promise<number> {
  let last = 0;
  for (let calls = 0; calls < times; calls += 1) {
    last = await GenServer.call(server, 'next');
  }
  return last;
}

async function tickUnderFlood(system: System): Promise<Pick<Outcome, 'ticks' | 'isFlooded'>> {
  const flood = await GenServer.start(system, flooder, undefined);
  send(flood, 'go');
  let ticks = 0;
  await new Promise<void>((resolve) => {
    const ticker = setInterval(() => {
      ticks += 1;
      if (ticks === 5) {
        clearInterval(ticker);
        resolve();
      }
    }, 5);
  });
  const isFlooded = await GenServer.call(flood, 'isFlooding');
  await GenServer.stop(flood);
  return { ticks, isFlooded };
}

function keepReports(): readonly string[] {
  const reports: string[] = [];
  console.error = (...values: readonly unknown[]): void => {
    reports.push(values.map(String).join(' '));
  };
  return reports;
}

function foreign(): readonly string[] {
  return ['process', 'Buffer', 'require', 'setImmediate', 'Deno', 'Bun'].filter(
    (one) => one in globalThis,
  );
}
