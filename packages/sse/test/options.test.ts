import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  alias,
  Application,
  backoffDelay,
  cancelTimer,
  childSpec,
  createSystem,
  demonitor,
  DynamicSupervisor,
  GenServer,
  monitor,
  normal,
  ok,
  PartitionSupervisor,
  type Process,
  Registry,
  reply,
  send,
  sendAfter,
  spawn,
  Supervisor,
  sys,
  Task,
  undelivered,
} from '@reprise/actor';
import { createProbe, createTestSystem } from '@reprise/actor/testing';
import {
  connect,
  createPacketState,
  events,
  nextDelay,
  reconnect,
  ServerSentEvent,
  sqlite,
  SseClient,
} from '@reprise/sse';
import { EventSource } from '@reprise/sse/eventsource';
import { guarded } from '@reprise/sse/fetch';
import { chaos } from '@reprise/sse/testing';

const server = GenServer.define({
  init: () => ok(0),
  handleCall: { get: (_, count) => reply(count, count) },
});
const url = 'http://localhost:1/';
const nothing = (): void => undefined;
const start = (parent: Process): Promise<Agent.Agent<number>> => Agent.startLink(parent, () => 1);
const child = childSpec(start, { id: 'a' });

/** One use of each interface of options. `wrong` has a name that none of them knows. */
const uses: Readonly<Record<string, (system: Process, wrong: never) => unknown>> = {
  AliasOptions: (system, wrong) => alias(system, wrong),
  AwaitOptions: (system, wrong) => Task.await(system, Task.async(system, nothing), wrong),
  Backoff: (_, wrong) => backoffDelay(1, { minDelay: 1, maxDelay: 2, ...(wrong as object) }),
  BatchedResilientOptions: (_, wrong) =>
    SseClient.resilient({ id: 'a', url, handleBatch: nothing, ...(wrong as object) }),
  BatchOptions: (_, wrong) =>
    SseClient.resilient({ id: 'a', url, handleBatch: nothing, maxBatch: 2, ...(wrong as object) }),
  CallOptions: async (system, wrong) =>
    GenServer.call(await GenServer.start(system, server, undefined), 'get', undefined, wrong),
  CancelTimerOptions: (system, wrong) => cancelTimer(sendAfter(system.pid, 1 as never, 1), wrong),
  ChaosOptions: (_, wrong) => chaos(wrong),
  ChildOptions: (_, wrong) => childSpec(start, { id: 'a', ...(wrong as object) }),
  ConnectOptions: (_, wrong) => connect({ url }, 0, wrong),
  CursorOptions: (_, wrong) =>
    SseClient.resilient({
      id: 'a',
      url,
      handle: nothing,
      cursor: { store: new Map(), ...(wrong as object) },
    }),
  Definition: (_, wrong) => Application.define({ name: 'a', start, ...(wrong as object) }),
  DemonitorOptions: (system, wrong) => demonitor(system, monitor(system, system.pid), wrong),
  DynamicSupervisorOptions: (system, wrong) => DynamicSupervisor.startLink(system, wrong),
  EventFields: (_, wrong) => ServerSentEvent.create('a', wrong),
  EventSourceInit: (_, wrong) => new EventSource(url, wrong),
  EventsOptions: (_, wrong) => events(url, wrong),
  GuardOptions: (_, wrong) => guarded(wrong),
  LogOptions: (system, wrong) => sys.log(system.pid, true, wrong),
  MailboxOptions: (system, wrong) =>
    spawn(system, nothing, {
      mailbox: { capacity: 1, overflow: 'reject', ...(wrong as object) },
    }),
  MonitorOptions: (system, wrong) => monitor(system, system.pid, wrong),
  PacketOptions: (_, wrong) => createPacketState(wrong),
  PartitionSupervisorOptions: (system, wrong) =>
    PartitionSupervisor.startLink(system, { child, ...(wrong as object) }),
  ProbeOptions: (system, wrong) => createProbe(system, wrong),
  ReconnectDelay: (_, wrong) => nextDelay(1, wrong, () => 0),
  RegistryOptions: (system, wrong) =>
    Registry.start(system, { keys: 'unique', ...(wrong as object) }),
  ResilientOptions: (_, wrong) =>
    SseClient.resilient({ id: 'a', url, handle: nothing, ...(wrong as object) }),
  ResponseOptions: (_, wrong) => GenServer.receiveResponse(new Map(), wrong),
  RunOptions: (_, wrong) => Application.run(child, wrong),
  SendRequestOptions: async (system, wrong) =>
    GenServer.sendRequest(
      await GenServer.start(system, server, undefined),
      'get',
      undefined,
      wrong,
    ),
  SendOptions: (system, wrong) => {
    send(alias<number>(system, { priority: true }), 1, wrong);
  },
  ServerStopOptions: (system, wrong) => GenServer.stop(system.pid, normal, wrong),
  ShutdownOptions: (system, wrong) => Task.shutdown(system, Task.async(system, nothing), wrong),
  SpawnOptions: (system, wrong) => spawn(system, nothing, wrong),
  SqliteOptions: (_, wrong) => sqlite('a.db', wrong),
  StartOptions: (system, wrong) => GenServer.start(system, server, undefined, wrong),
  StopOptions: (system, wrong) => system.system.stop(wrong),
  SupervisedTaskOptions: (system, wrong) =>
    Task.Supervisor.async(system, system.pid as never, nothing, wrong),
  SupervisorOptions: (system, wrong) =>
    Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [],
      ...(wrong as object),
    }),
  SupervisorStartOptions: (system, wrong) =>
    Supervisor.startLink(system, () => ({ strategy: 'oneForOne', children: [] }), wrong),
  SysOptions: (system, wrong) => sys.getState(system.pid, wrong),
  SystemOptions: (_, wrong) => createSystem(wrong),
  TaskChildOptions: (system, wrong) =>
    Task.Supervisor.startChild(system.pid as never, nothing, wrong),
  TaskStreamOptions: (system, wrong) => Task.asyncStream(system, [1], (n) => n, wrong),
  TimerOptions: (system, wrong) => sendAfter(system.pid, 1 as never, 1, wrong),
  TypedEventsOptions: (_, wrong) => events(url, { events: {}, ...(wrong as object) }),
  TypedResilientOptions: (_, wrong) =>
    SseClient.resilient({ id: 'a', url, events: {}, handle: nothing, ...(wrong as object) }),
  UndeliveredOptions: (system, wrong) => undelivered(system, wrong),
  YieldManyOptions: (system, wrong) => Task.yieldMany(system, [], wrong),
};

/** Interfaces that are parts of others, that a function of the user gets, or of the DOM. */
const parts = [
  'ChildExitOptions',
  'DelayOptions',
  'ErrorEventInit',
  'EscapeOptions',
  'EventSourceFetchInit',
  'StreamOptions',
];

const reports = [
  'actor',
  'actor-testing',
  'actor-text',
  'sse',
  'sse-eventsource',
  'sse-fetch',
  'sse-testing',
].map((name) => readFileSync(new URL(`../../../api/${name}.api.md`, import.meta.url), 'utf8'));

const interfaces = new Set(
  reports.flatMap((report) =>
    [...report.matchAll(/interface (\w+(?:Options|Init))\b/g)].map(([, name]) => name),
  ),
);

async function messageOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'accepted';
  } catch (error) {
    return String(error);
  }
}

describe('options with an unknown name', () => {
  test('are tried for each interface of options that the packages export', () => {
    const known = new Set([...Object.keys(uses), ...parts]);
    expect([...interfaces].filter((name) => name !== undefined && !known.has(name))).toEqual([]);
  });

  test.each(Object.entries(uses))('are refused: %s', async (_name, use) => {
    const system = createTestSystem();
    const { self } = createProbe(system);
    const message = await messageOf(() => use(self, { zzzz: 1 } as never));
    expect(message).toMatch(/^TypeError: Expected an option of .*got `zzzz`$/s);
  });

  test.each(['header', 'metod'])('are refused in a request, if misspelt: %s', (name) => {
    expect(() => reconnect({ url, [name]: 'x' }, 0)).toThrow(/got `.*`: did you mean/);
  });
});
