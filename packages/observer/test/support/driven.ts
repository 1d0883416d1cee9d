import {
  type ChildSpec,
  crash,
  exit,
  kill,
  type Pid,
  register,
  send,
  spawn,
  Supervisor,
} from '@reprise/actor';
import { exposed } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { SseClient } from '@reprise/sse';

import { Facts } from './facts.ts';
import { Origin } from './origin.ts';
import { child, end, fail, start } from './tree.ts';

/** A program that has had its troubles; its numbers are known. */
export interface Driven extends AsyncDisposable {
  readonly system: TestSystem;
  readonly app: Supervisor.Pid;
  /** Kills the stream `news`, which is started again and connects. */
  restartNews(): Promise<void>;
}

/**
 * Seven restarts of two supervisors for two reasons, one that gave up, three messages dropped; 120
 * events on two streams, four attempts that failed in three ways, two reconnects. `begin` is called
 * before anything happens; `handle` handles the events.
 */
export async function drive(
  begin: (system: TestSystem) => void,
  handle: NonNullable<SseClient.ResilientOptions['handle']> = () => undefined,
): Promise<Driven> {
  await using opened = new AsyncDisposableStack();
  const system = opened.adopt(createTestSystem(), (one) => one.stop());
  begin(system);
  const facts = new Facts(system);
  const origins = { prices: await Origin.open(), news: await Origin.open() };
  opened.defer(async () => {
    // The clients first, or they would reconnect to a closed server.
    await system.stop();
    await Promise.all(Object.values(origins).map((origin) => origin.close()));
  });
  const stream = (id: 'prices' | 'news'): ChildSpec =>
    SseClient.resilient({
      id,
      url: origins[id].url,
      responseTimeout: 10_000,
      handle,
    });
  const app = await start(system, [
    child('a'),
    child('b'),
    store,
    stream('prices'),
    stream('news'),
  ]);
  await crashAll(system, app);
  await overflow(system);
  await origins.prices.stream(eventsText(70));
  await facts.until('connected');
  const first = await origins.news.stream(eventsText(20));
  await facts.until('connected');
  await untilEvents(system, 90);
  first.end();
  await reconnect(origins.news, { system, facts, pid: () => childOf(app, 'news') });
  await advance(system, 5000);
  const restartNews = async (): Promise<void> => {
    exit(system, childOf(app, 'news'), kill);
    await settle(system);
    await origins.news.stream();
    await facts.until('connected');
  };
  const all = opened.move();
  return { system, app, restartNews, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

export const childOf = (app: Pid, id: string): Pid => Supervisor.child(app as never, id as never);

const store = Supervisor.childSpec({
  id: 'store',
  restart: 'temporary',
  strategy: 'oneForOne',
  maxRestarts: 2,
  children: [child('db')],
});

async function crashAll(system: TestSystem, app: Supervisor.Pid): Promise<void> {
  for (let count = 0; count < 3; count++) {
    await fail(system, childOf(app, 'a'), 'no paper');
    await end(system, childOf(childOf(app, 'store'), 'db'), crash('lost'));
  }
  for (let count = 0; count < 2; count++) {
    exit(system, childOf(app, 'b'), kill);
    await settle(system);
  }
}

async function overflow(system: TestSystem): Promise<void> {
  const pid = spawn<number>(system, (self) => self.receive((n) => n < 0).then(() => undefined), {
    mailbox: { capacity: 2, overflow: 'dropNewest' },
  });
  register(system, 'full', pid);
  await settle(system);
  for (let n = 0; n < 5; n++) {
    send(pid, n);
  }
}

const eventsText = (count: number): string => 'data: x\n\n'.repeat(count);

/** Lets I/O in until the streams have handled so many events. */
async function untilEvents(system: TestSystem, count: number): Promise<void> {
  const handled = (): number =>
    [...exposed<SseClient.Status>(system, 'sse')].reduce(
      (sum, [, facet]) => sum + facet.read().events,
      0,
    );
  while (handled() < count) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

interface Reconnecting {
  readonly system: TestSystem;
  readonly facts: Facts;
  readonly pid: () => Pid;
}

/** Two attempts with 503, one without an answer, one cut; then a stream, cut, and another. */
async function reconnect(origin: Origin, stream: Reconnecting): Promise<void> {
  await nextAttempt(stream);
  await origin.refuse(503);
  await nextAttempt(stream);
  await origin.refuse(503);
  await nextAttempt(stream);
  await origin.next();
  await advance(stream.system, 10_000);
  await nextAttempt(stream);
  (await origin.next()).destroy();
  await nextAttempt(stream);
  const again = await origin.stream(eventsText(30));
  await stream.facts.until('connected');
  await untilEvents(stream.system, 120);
  again.end();
  await nextAttempt(stream);
  await origin.stream();
  await stream.facts.until('connected');
}

async function nextAttempt({ system, facts, pid }: Reconnecting): Promise<void> {
  await facts.until('waits');
  const { nextAttemptAt = 0 } = SseClient.status(pid() as never);
  await advance(system, nextAttemptAt - system.clock.now());
}
