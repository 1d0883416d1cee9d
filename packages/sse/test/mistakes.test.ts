import { describe, expect, test } from '@jest/globals';
import {
  Agent,
  backoffDelay,
  childSpec,
  createSystem,
  DynamicSupervisor,
  exit,
  GenServer,
  kill,
  name,
  noreply,
  normal,
  ok,
  PartitionSupervisor,
  type Process,
  register,
  Registry,
  reply,
  send,
  spawn,
  stop,
  Supervisor,
  sys,
  trapExit,
} from '@reprise/actor';
import { createProbe, createTestSystem, settle, virtualClock } from '@reprise/actor/testing';
import { connect, events, redeliver, ServerSentEvent, SseClient } from '@reprise/sse';
import { EventSource } from '@reprise/sse/eventsource';
import { weighted } from '@reprise/sse/testing';

const js = (value: unknown): never => value as never;
const withArguments = (fn: unknown, given: readonly unknown[]): unknown =>
  (fn as (...given: readonly unknown[]) => unknown)(...given);
const url = 'http://localhost:1/';
const options = { id: 'a', url, handle: (): void => undefined };
const resilient = (more: object) => (): unknown => SseClient.resilient({ ...options, ...more });
const define = (more: object) => (): unknown => GenServer.define({ init: () => ok(1), ...more });
const start = (parent: Process): Promise<Agent.Agent<number>> => Agent.startLink(parent, () => 1);
const supervised = (more: object) => (system: Process) =>
  Supervisor.startLink(system, js({ strategy: 'oneForOne', children: [], ...more }));

type Mistake = readonly [string, (system: Process) => unknown, string];

const mistakes: readonly Mistake[] = [
  // Callbacks.
  [
    'a misspelt callback',
    define({ handelCall: {} }),
    'got `handelCall`: did you mean `handleCall`?',
  ],
  [
    "Elixir's callback",
    define({ handle_info: 0 }),
    'got `handle_info`: did you mean `handleInfo`?',
  ],
  ['a callback of no behaviour', define({ handleEvent: 0 }), 'got `handleEvent`'],
  [
    'handleCall as a function',
    define({ handleCall: () => 0 }),
    'Expected handleCall to be an object with a function for each request, got function handleCall',
  ],
  ['a callback that is near', define({ terminated: 0 }), 'did you mean `terminate`?'],
  [
    'a misspelt callback of a client',
    () => withArguments(SseClient.define, [{ init: 0, handle_event: 0 }]),
    'did you mean `handleEvent`?',
  ],
  [
    'a behaviour that is only started',
    (system) => GenServer.start(system, js({ init: () => ok(1), handelCast: {} }), undefined),
    'did you mean `handleCast`?',
  ],
  [
    'a callback that is no function',
    define({ terminate: 'x' }),
    'Expected terminate to be a function, got "x"',
  ],
  // A forgotten await.
  [
    'a call of a promise',
    (system) => withArguments(GenServer.call, [Agent.start(system, () => 1), 'get']),
    'got a promise: is an `await` missing?',
  ],
  [
    'a message to a promise',
    () => send(js(Promise.resolve(1)), js(1)),
    'got a promise: is an `await` missing?',
  ],
  [
    'children as a promise',
    supervised({ children: Promise.resolve([]) }),
    'got a promise: is an `await` missing?',
  ],
  [
    'a child as a promise',
    supervised({ children: [Promise.resolve(1)] }),
    'got a promise: is an `await` missing?',
  ],
  [
    'a parent as a promise',
    () => spawn(js(Promise.resolve(1)), () => {}),
    'got a promise: is an `await` missing?',
  ],
  [
    'options as a promise',
    () => childSpec(start, js(Promise.resolve({ id: 'a' }))),
    'got a promise: is an `await` missing?',
  ],
  [
    'a header as a promise',
    resilient({ headers: { authorization: Promise.resolve('x') } }),
    'got a promise: is an `await` missing?',
  ],
  [
    'headers as a promise',
    resilient({ headers: Promise.resolve({}) }),
    'got a promise: is an `await` missing?',
  ],
  // Addresses.
  ['a name without a system', () => send(js(name('visits')), js(1)), 'use its `in(system)`'],
  ['a text as an address', () => send(js('visits'), js(1)), 'use `name("visits").in(system)`'],
  ['a process as an address', (system) => send(js(system), js(1)), 'use its `pid`'],
  // Places.
  [
    'a timeout outside of its object',
    (system) => withArguments(GenServer.call, [system.pid, 'get', undefined, 500]),
    'Expected the options of GenServer.call, { timeout, self }, got 500',
  ],
  [
    'a child spec without options',
    () => childSpec(start, js(undefined)),
    'Expected the options of childSpec, { id, ',
  ],
  // Answers.
  [
    'noreply without a state',
    () => withArguments(noreply, []),
    'Expected noreply(state), got no state',
  ],
  [
    'reply without a state',
    () => withArguments(reply, [1]),
    'Expected reply(value, state), got no state',
  ],
  ['ok without a state', () => withArguments(ok, []), 'Expected ok(state), got no state'],
  [
    'redeliver without a state',
    () => withArguments(redeliver, []),
    'Expected redeliver(state), got no state',
  ],
  [
    'connect without a state',
    () => withArguments(connect, [{ url }]),
    'Expected connect(request, state), got no state',
  ],
  [
    'connect with a text',
    () => connect(js(url), 0),
    'Expected a request { url, … }, or a function of one',
  ],
  ['connect with a misspelt url', () => connect(js({ uri: url }), 0), 'did you mean `url`?'],
  [
    'connect with a promise',
    () => connect(js(Promise.resolve({ url })), 0),
    'got a promise: is an `await` missing?',
  ],
  // A system.
  [
    'a logger without warn',
    () => createSystem(js({ logger: { error: () => {} } })),
    'Expected logger to have the methods error, warn, got {',
  ],
  [
    'a function as a logger',
    () => createSystem(js({ logger: () => {} })),
    'Expected logger to have the methods error, warn, got function',
  ],
  [
    'a logger as a promise',
    () => createSystem(js({ logger: Promise.resolve(console) })),
    'got a promise: is an `await` missing?',
  ],
  [
    'a clock without timers',
    () => createSystem(js({ clock: Date })),
    'Expected clock to have the methods now, setTimeout, clearTimeout, got function Date',
  ],
  [
    'a date of a clock that is no function',
    () => createSystem(js({ clock: { ...virtualClock(), date: 5 } })),
    'Expected clock to have the methods now, setTimeout, clearTimeout, date, got {',
  ],
  [
    'secrets as a text',
    () => createSystem(js({ redact: 'pin' })),
    'Expected redact to be names and patterns, got "pin"',
  ],
  [
    'a limit of a system as a text',
    () => createSystem(js({ slowCallback: '5' })),
    'Expected slowCallback to be a number from 0 on, got "5"',
  ],
  ['a name as a number', (system) => register(system, js(5), system.pid), 'a name, got 5'],
  [
    'a name for a process of another system',
    async (system) => register(system, 'a', await start(createTestSystem())),
    'Expected a process of the system, got #Pid<2> of another system',
  ],
  // Supervisors.
  [
    'options of a supervisor in two objects',
    (system) =>
      withArguments(Supervisor.startLink, [
        system,
        { strategy: 'oneForOne', children: [] },
        { name: 'a' },
      ]),
    'Expected all options of Supervisor.startLink in one object, got {"name":"a"} in another',
  ],
  [
    'a misspelt id',
    async (system) => {
      const children = [childSpec(start, { id: 'prices' })];
      const app = await Supervisor.startLink(system, { strategy: 'oneForOne', children });
      return Supervisor.child(app, js('price'));
    },
    'child "price" of #Pid<3> (did you mean "prices"?): no such process',
  ],
  [
    'options of a dynamic supervisor in two objects',
    (system) => withArguments(DynamicSupervisor.startLink, [system, {}, { name: 'a' }]),
    'Expected all options of DynamicSupervisor.startLink in one object, got {"name":"a"} in another',
  ],
  [
    'options of a spec of a dynamic supervisor in two objects',
    () => withArguments(DynamicSupervisor.childSpec, [{ maxChildren: 1 }, { id: 'a' }]),
    'Expected all options of DynamicSupervisor.childSpec in one object',
  ],
  [
    'options of a partition supervisor in two objects',
    (system) => withArguments(PartitionSupervisor.startLink, [system, {}, { name: 'a' }]),
    'Expected all options of PartitionSupervisor.startLink in one object',
  ],
  [
    'options of a spec of a partition supervisor in two objects',
    () => withArguments(PartitionSupervisor.childSpec, [{ partitions: 1 }, { id: 'a' }]),
    'Expected all options of PartitionSupervisor.childSpec in one object',
  ],
  [
    'options of a spec of a supervisor in two objects',
    () =>
      withArguments(Supervisor.childSpec, [{ strategy: 'oneForOne', children: [] }, { id: 'a' }]),
    'Expected all options of Supervisor.childSpec in one object, got {"id":"a"} in another',
  ],
  [
    'options of a registry in two objects',
    (system) => withArguments(Registry.startLink, [system, { keys: 'unique' }, { name: 'a' }]),
    'Expected all options of Registry.startLink in one object',
  ],
  [
    'options of a registry without a link in two objects',
    (system) => withArguments(Registry.start, [system, { keys: 'unique' }, { name: 'a' }]),
    'Expected all options of Registry.start in one object',
  ],
  [
    'options of a spec of a registry in two objects',
    () => withArguments(Registry.childSpec, [{ keys: 'unique' }, { id: 'a' }]),
    'Expected all options of Registry.childSpec in one object',
  ],
  [
    'a child of a server that is no supervisor',
    async (system) => Supervisor.child(js(await start(system)), js('a')),
    'Expected a supervisor that knows whichChild, got #Pid<3>',
  ],
  [
    'the children of a server that is no supervisor',
    async (system) => Supervisor.whichChildren(js(await start(system))),
    'Expected a supervisor that knows whichChildren, got #Pid<3>',
  ],
  [
    'a request to a supervisor of another kind',
    async (system) => Supervisor.deleteChild(js(await DynamicSupervisor.startLink(system)), 'a'),
    'Expected a supervisor that knows deleteChild, got #Pid<3>',
  ],
  // The start of a child.
  [
    'a child under another system',
    supervised({ children: [childSpec(() => start(createTestSystem()), { id: 'a' })] }),
    'Expected the start of child "a" to start a process of its system, got #Pid<2> of another system',
  ],
  [
    'a start of a child that returns nothing',
    supervised({
      children: [
        childSpec(
          js(() => undefined),
          { id: 'a' },
        ),
      ],
    }),
    'Expected the start of child "a" to resolve with a pid, got undefined: is a `return` missing?',
  ],
  [
    'a start of a child that forgets what it has started',
    async (system) => {
      const supervisor = await DynamicSupervisor.startLink(system);
      const forget = async (parent: Process): Promise<undefined> => void (await start(parent));
      return DynamicSupervisor.startChild(supervisor, childSpec(forget, { id: 'a' }));
    },
    'Expected the start of child "a" to resolve with a pid, got undefined: is a `return` missing?',
  ],
  // States and flags.
  [
    'a promise as the first state',
    (system) => GenServer.start(system, js({ init: () => ok(Promise.resolve(1)) }), undefined),
    'Expected a state, got a promise: is an `await` missing?',
  ],
  [
    'a promise as the replaced state',
    async (system) => sys.replaceState(await start(system), () => Promise.resolve(2)),
    'Expected a state, got a promise: is an `await` missing?',
  ],
  [
    'a state in place of a function of one',
    async (system) => sys.replaceState(await start(system), js(5)),
    'Expected replace to be a function (state) => …, got 5',
  ],
  [
    'a state in place of a change of it',
    async (system) => sys.changeCode(await start(system), { init: () => ok(1) }, js(5)),
    'Expected change to be a function (state) => …, got 5',
  ],
  [
    'trapExit with a text',
    (system) => trapExit(system, js('true')),
    'Expected the flag of trapExit to be true or false, got "true"',
  ],
  [
    'trapExit without a flag',
    (system) => withArguments(trapExit, [system]),
    'Expected the flag of trapExit to be true or false, got undefined',
  ],
  [
    'a trace with a text',
    async (system) => sys.trace(await start(system), js('on')),
    'Expected the flag of sys.trace to be true or false, got "on"',
  ],
  [
    'statistics with a misspelt word',
    async (system) => sys.statistics(await start(system), js('gte')),
    'Expected the flag of sys.statistics to be true or false or "get", got "gte": did you mean "get"?',
  ],
  [
    'a log with a size in place of a flag',
    async (system) => sys.log(await start(system), js(5)),
    'Expected the flag of sys.log to be true or false or "get", got 5',
  ],
  [
    'withCredentials as a text',
    () => new EventSource(url, { withCredentials: js('false') }),
    'Expected withCredentials to be true or false, got "false"',
  ],
  // Registries.
  [
    'a registry of another system',
    async (system) => {
      const rooms = await Registry.start<string>(createTestSystem(), { keys: 'unique' });
      return Registry.register(system, rooms, 'lobby');
    },
    'Expected a process of the system of the registry, got #Pid<2> of another system',
  ],
  [
    'a lock of another system',
    async (system) => {
      const rooms = await Registry.start<string>(createTestSystem(), { keys: 'unique' });
      return Registry.lock(system, rooms, 'lobby', () => 1);
    },
    'Expected a process of the system of the registry, got #Pid<2> of another system',
  ],
  [
    'a server with a name in a registry of another system',
    async (system) => {
      const rooms = await Registry.start<string>(createTestSystem(), { keys: 'unique' });
      return Agent.start(system, () => 1, { name: Registry.via(rooms, 'lobby') });
    },
    'Expected a process of the system of the registry, got #Pid<3> of another system',
  ],
  [
    'a function as a listener of a registry',
    (system) => Registry.start(system, { keys: 'unique', listeners: js([() => {}]) }),
    'Expected a pid or a name in a system, got function',
  ],
  // Functions that a client calls late.
  ['until as a text', resilient({ until: '[DONE]' }), 'Expected until to be a function'],
  ['renew as a text', resilient({ renew: 'x' }), 'Expected renew to be a function'],
  ['classify as a text', resilient({ classify: 'x' }), 'Expected classify to be a function'],
  ['onStatus as a text', resilient({ onStatus: 'x' }), 'Expected onStatus to be a function'],
  ['reconnect as a text', resilient({ reconnect: 'no' }), 'Expected reconnect to be true or false'],
  [
    'a list of schemas',
    resilient({ events: [], handleInvalid: () => {} }),
    'Expected events to be an object with a schema for each type, got []',
  ],
  [
    'handleInvalid without schemas',
    resilient({ handleInvalid: () => {} }),
    'Expected events with the schemas that handleInvalid is for, got none',
  ],
  [
    'a signal that is none',
    () => events(url, js({ signal: 'x' })),
    'Expected signal to be an AbortSignal, got "x"',
  ],
  [
    'a pid as the parent of a stream',
    (system) => events(url, js({ parent: system.pid })),
    'Expected parent to be a process, got #Pid<2>',
  ],
  [
    'the status of a server that is no client',
    async (system) => SseClient.status(await start(system)),
    'Expected the pid of a client, got #Pid<3>',
  ],
  [
    'the status of a promise',
    (system) => SseClient.status(js(start(system))),
    'got a promise: is an `await` missing?',
  ],
  [
    'data as a number',
    () => ServerSentEvent.create(js(5)),
    'Expected data to be a text or lines, got 5',
  ],
  // Numbers and bounds.
  [
    'maxSeconds as a text',
    supervised({ maxSeconds: '5' }),
    'Expected maxSeconds to be above 0, got "5"',
  ],
  [
    'a delay as a text',
    resilient({ minDelay: '1000' }),
    'Expected minDelay to be above 0, got "1000"',
  ],
  [
    'a limit of the request as a text',
    resilient({ connectTimeout: '5' }),
    'Expected connectTimeout to be above 0, got "5"',
  ],
  [
    'swapped delays',
    resilient({ minDelay: 30, maxDelay: 1 }),
    'Expected minDelay to be at most maxDelay, got 30 and 1',
  ],
  [
    'swapped limits of retry',
    resilient({ minRetry: 30, maxRetry: 1 }),
    'Expected minRetry to be at most maxRetry',
  ],
  [
    'a factor that shrinks',
    resilient({ factor: 0.5 }),
    'Expected factor to be a number from 1 on, got 0.5',
  ],
  [
    'every of a cursor as a text',
    resilient({ cursor: { store: new Map(), every: '5' } }),
    'Expected cursor.every to be above 0, got "5"',
  ],
  [
    'attempts as a text',
    () => backoffDelay(js('1'), { minDelay: 1, maxDelay: 2 }),
    'Expected attempts to be a number from 0 on, got "1"',
  ],
  [
    'a backoff without a limit',
    () => backoffDelay(1, js({ minDelay: 1 })),
    'Expected maxDelay to be a number from 0 on, got undefined',
  ],
  [
    'a misspelt fault that a function gives',
    () => weighted([{ weight: 1, fault: () => js({ type: 'resett' }) }]),
    'Expected a fault { type, … }, got {"type":"resett"}',
  ],
  // Headers.
  [
    'headers as a text',
    resilient({ headers: 'a: b' }),
    'Expected headers to be an object, Headers, a Map or pairs',
  ],
  [
    'a header as null',
    resilient({ headers: { a: null } }),
    'Expected header "a" to be a string or strings, got null',
  ],
  [
    'headers as a list of texts',
    resilient({ headers: ['a', 'b'] }),
    'Expected headers to be pairs of a name and a value',
  ],
  [
    'lastEventId as a number',
    resilient({ lastEventId: 123 }),
    'Expected lastEventId to be a string, got 123',
  ],
  ['a method as a number', resilient({ method: 5 }), 'Expected method to be one of HTTP, got 5'],
  [
    'a method that is no token',
    resilient({ method: 'GE T' }),
    'Expected method to be one of HTTP, got "GE T"',
  ],
];

describe('a mistake is told at once', () => {
  test.each(mistakes)('%s', async (_what, act, text) => {
    const { self } = createProbe(createTestSystem());
    const message = await Promise.resolve(self)
      .then(act)
      .then(
        () => 'accepted',
        (error: unknown) => String(error),
      );
    expect(message).toContain(text);
  });

  test.each([
    [{ timeuot: 5 }, 'got `timeuot`: did you mean `timeout`?'],
    [500, 'Expected the options of an answer, { timeout, continue, hibernate }, got 500'],
    [
      { timeout: 5, continue: 1 },
      'Expected one action of an answer, got {"timeout":5,"continue":1}',
    ],
    [
      { timeout: 5, hibernate: true },
      'Expected one action of an answer, got {"timeout":5,"hibernate":true}',
    ],
    [
      { hibernate: true, continue: 1 },
      'Expected one action of an answer, got {"hibernate":true,"continue":1}',
    ],
  ])('an action of an answer that is none: %p', async (action, text) => {
    const server = GenServer.define({
      init: () => ok(0),
      handleCall: { get: (_, count) => reply(count, count, js(action)) },
      handleCast: { touch: (_, count) => noreply(count, js(action)) },
    });
    const system = createTestSystem();
    const pid = await GenServer.start(system, server, undefined);
    GenServer.cast(pid, 'touch');
    await settle(system);
    expect(system.reports[0]?.message).toContain(text);
  });

  test('a value of a header is never shown', () => {
    expect(resilient({ headers: { authorization: ['secret', 7] } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    );
  });

  test('an undefined state is a state: only a missing one is refused', () => {
    const states = [
      ok(undefined),
      noreply(undefined),
      reply(1, undefined),
      stop(normal, undefined),
    ];
    expect(states.map((answer) => answer.state)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('a behaviour may hold more than callbacks', () => {
    expect(define({ version: 2, helper: () => 1, edit: () => 2 })).not.toThrow();
  });

  test.each([
    new Headers({ a: 'b' }),
    new Map([['a', 'b']]),
    [['a', 'b']],
    { a: 'b', c: undefined },
  ])('headers may be of each form that fetch takes: %p', (headers) => {
    expect(resilient({ headers })).not.toThrow();
  });

  test('a receive after the end of its process rejects, and one that waits stays', async () => {
    const system = createTestSystem();
    const late = Promise.withResolvers<unknown>();
    const entered = Promise.withResolvers<void>();
    const pid = spawn(system, async (self) => {
      await entered.promise;
      late.resolve(self.receive().catch((error: unknown) => error));
    });
    await settle(system);
    const { self } = createProbe(system);
    exit(self, pid, kill);
    entered.resolve();
    expect(String(await late.promise)).toMatch(
      /^ExitError: receive of .*, which has ended: killed$/,
    );
  });
});
