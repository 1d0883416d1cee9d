import { describe, expect, test } from '@jest/globals';
import { exit, kill, type Pid, Supervisor } from '@reprise/actor';
import { note } from '@reprise/actor/inspect';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import { type CursorStore, SseClient } from '@reprise/sse';

import { record, type RecordedStream } from '../../src/index.ts';
import type { StreamFact } from '../../src/recording/stream-fact.ts';
import type { StreamStatus } from '../../src/recording/stream-status.ts';
import { Facts } from '../support/facts.ts';
import { Origin } from '../support/origin.ts';
import { start } from '../support/tree.ts';

type Options = Partial<SseClient.ResilientOptions>;

/** A stream `prices` of a supervisor `app`. */
async function open(options: Options = {}) {
  const origin = await Origin.open();
  const system = createTestSystem();
  const recording = record(system);
  const facts = new Facts(system);
  const handle = (): void => undefined;
  const prices = SseClient.resilient({ id: 'prices', url: origin.url, handle, ...options });
  const app = await start(system, [prices]);
  return {
    origin,
    system,
    recording,
    facts,
    pid: () => Supervisor.child(app, 'prices' as never),
    async [Symbol.asyncDispose]() {
      await system.stop();
      await origin.close();
    },
  };
}

const phasesOf = ({ streams }: { readonly streams: readonly RecordedStream[] }): unknown =>
  streams.map(({ path, phases }) => [
    path,
    ...phases.map(({ type, from, to, reason }) => [type, from, to, reason]),
  ]);

/** Lets time pass to the next attempt. */
async function toNextAttempt(system: TestSystem, { pid }: { pid: () => unknown }): Promise<number> {
  const { nextAttemptAt = 0 } = SseClient.status(pid() as never);
  await advance(system, nextAttemptAt - system.clock.now());
  return nextAttemptAt;
}

describe('the streams of a recording', () => {
  test('OBS-H11 has a stream that was cut, two attempts that failed, and its return, without a gap', async () => {
    await using all = await open();
    const { origin, system, recording, facts } = all;
    const response = await origin.stream('data: x\n\n');
    await facts.until('connected');
    await advance(system, 5000);
    response.end();
    await facts.until('waits');
    const first = await toNextAttempt(system, all);
    await origin.refuse(503);
    await facts.until('waits');
    const second = await toNextAttempt(system, all);
    (await origin.next()).destroy();
    await facts.until('waits');
    const third = await toNextAttempt(system, all);
    await origin.stream();
    await facts.until('connected');
    await advance(system, 7000);
    expect(phasesOf(recording)).toStrictEqual([
      [
        'app / prices',
        ['connected', 0, 5000, 'closed by the server'],
        ['waiting', 5000, first, undefined],
        ['connecting', first, first, 'status 503'],
        ['waiting', first, second, undefined],
        ['connecting', second, second, expect.stringContaining('ECONNRESET')],
        ['waiting', second, third, undefined],
        ['connected', third, undefined, undefined],
      ],
    ]);
    expect([first > 5000, second > first, third > second]).toStrictEqual([true, true, true]);
  });

  test('OBS-H12 has a mark with both ids where the server has ignored the cursor', async () => {
    const store: CursorStore = {
      get: () => '{"lastEventId":"41","recent":["7","41"]}',
      set: () => undefined,
    };
    await using all = await open({ cursor: { store, key: 'k' } });
    await advance(all.system, 3000);
    await all.origin.stream('id: 7\ndata: x\n\n');
    await all.facts.until('ignored');
    expect(all.recording.streams).toMatchObject([
      {
        pid: (all.pid() as Pid).id,
        ignored: [{ at: 3000, text: 'asked for what follows 41, got 7' }],
      },
    ]);
    expect(phasesOf(all.recording)).toStrictEqual([
      [
        'app / prices',
        ['connecting', 0, 3000, undefined],
        ['connected', 3000, undefined, undefined],
      ],
    ]);
  });

  test('OBS-H09 goes on in the place of a stream that is killed and started again', async () => {
    await using all = await open();
    const { origin, system, recording, facts } = all;
    await origin.stream();
    await facts.until('connected');
    await advance(system, 5000);
    exit(system, all.pid(), kill);
    await settle(system);
    await origin.stream();
    await facts.until('connected');
    expect(phasesOf(recording)).toStrictEqual([
      ['app / prices', ['connected', 0, 5000, 'killed'], ['connected', 5000, undefined, undefined]],
    ]);
    expect([...recording.processes]).toMatchObject([{ path: 'app / prices', endedAt: 5000 }]);
  });

  test('ends the phase of a stream when it closes its connection, and gives the reason of its end', async () => {
    const writing = Promise.withResolvers<undefined>();
    const store: CursorStore = { get: () => undefined, set: () => writing.promise };
    await using all = await open({ cursor: { store, key: 'k', every: 100 } });
    await all.origin.stream('id: 1\ndata: x\n\n');
    await all.facts.until('connected');
    await advance(all.system, 4000);
    const stopped = all.system.stop();
    await all.facts.until('ended');
    await advance(all.system, 500);
    writing.resolve(undefined);
    await stopped;
    expect(phasesOf(all.recording)).toStrictEqual([
      ['app / prices', ['connected', 0, 4000, 'shutdown']],
    ]);
  });

  test('has those that were there before it, and those that are no child, each in its own place', async () => {
    const origin = await Origin.open();
    const system = createTestSystem();
    const facts = new Facts(system);
    const options = { url: origin.url, handle: (): void => undefined };
    const named = await SseClient.resilient({ ...options, id: 'a', name: 'news' }).start(system);
    await origin.stream();
    await facts.until('connected');
    await advance(system, 1000);
    const recording = record(system);
    await SseClient.resilient({ ...options, id: 'b' }).start(system);
    await origin.stream();
    await facts.until('connected');
    await advance(system, 1000);
    await SseClient.stop(named as never);
    expect(phasesOf(recording)).toStrictEqual([
      ['news', ['connected', 0, 2000, 'normal']],
      ['a stream', ['connected', 1000, undefined, undefined]],
    ]);
    // A stream is no child: it stands in no tree.
    expect(recording.at(1500)).toStrictEqual([]);
    await SseClient.resilient({ ...options, id: 'a', name: 'news' }).start(system);
    await advance(system, 10);
    expect(recording.streams.map(({ path, phases }) => [path, phases.length])).toStrictEqual([
      ['news', 2],
      ['a stream', 1],
    ]);
    await system.stop();
    await origin.close();
  });

  test('takes facts of its kind alone, and none that it does not know', async () => {
    await using all = await open();
    await all.origin.stream();
    await all.facts.until('connected');
    const before = phasesOf(all.recording);
    note(all.system, 'printer', { type: 'connecting' });
    note(all.system, 'sse', { type: 'somethingNew' });
    expect(phasesOf(all.recording)).toStrictEqual(before);
    expect(all.system.reports).toStrictEqual([]);
  });

  test('knows the facts and the status of a client by their types', () => {
    const fact = (given: SseClient.ClientFact): StreamFact => given;
    const status = (given: SseClient.Status): StreamStatus => given;
    expect([fact, status]).toHaveLength(2);
  });
});
