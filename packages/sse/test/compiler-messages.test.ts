import { expect, test } from '@jest/globals';

import { compilerErrors } from '../../../tools/compiler-errors.ts';

/** The lines of each program before its mistake. */
const prelude = `
import * as A from '@reprise/actor';
import { chaos } from '@reprise/sse/testing';
import { connect, events, SseClient } from '@reprise/sse';
import { EventSource } from '@reprise/sse/eventsource';
declare const system: A.Process;
const { define, call, cast, startLink } = A.GenServer;
const counter = define({
  init: (n: number) => A.ok(n),
  handleCall: {
    next: (_, n) => A.reply(n, n + 1),
    add: (by: number, n) => A.reply(n + by, n + by),
  },
  handleCast: { reset: (to: number) => A.noreply(to), clear: () => A.noreply(0) },
});
declare const pid: A.GenServer.ServerOf<typeof counter>;
declare const spec: A.ChildSpec<'a'>;
declare const app: A.Supervisor.Pid<{ readonly a: A.Pid }>;
const init = () => A.ok(0);
const url = 'http://localhost/';
const handle = (): void => undefined;
declare const schemas: {
  price: {
    '~standard': {
      version: 1;
      vendor: 'test';
      validate(value: unknown): { value: { cents: number } };
      types?: { input: unknown; output: { cents: number } };
    };
  };
};
export { call, cast, chaos, connect, events, startLink, system, pid, spec, app, init, url };
export { handle, schemas, A, EventSource, SseClient };
`;

type Mistake = readonly [what: string, code: string, message: string];

const mistakes: readonly Mistake[] = [
  // Behaviours.
  [
    'a behaviour without init',
    'define({ handleCall: {} })',
    "Property 'init' is missing in type '{ handleCall: {}; }' but required in",
  ],
  [
    'a misspelt callback',
    'define({ init, handelCall: {} })',
    "'handelCall' does not exist in type 'BehaviourInput<",
  ],
  [
    "Elixir's callback",
    'define({ init, handle_info: init })',
    "'handle_info' does not exist in type 'BehaviourInput<",
  ],
  [
    'handleCall as a function',
    'define({ init, handleCall: (_: string, n: number) => A.reply(n, n) })',
    "is not assignable to type 'OneFunctionForEachRequest & {}'.",
  ],
  [
    'init with a bare state',
    'define({ init: () => 5 })',
    "Type 'number' is not assignable to type 'MaybePromise<InitAnswer<unknown>>'.",
  ],
  [
    'a clause without an answer',
    'define({ init, handleCall: { x: () => {} } })',
    "Type '() => void' is not assignable to type '(() => void) & CallClause<number, CallAnswer<number>>'.",
  ],
  [
    'reply without a state',
    'define({ init, handleCall: { x: () => A.reply(5) } })',
    'Expected 2-3 arguments, but got 1.',
  ],
  [
    'noreply without a state',
    'define({ init, handleCast: { x: () => A.noreply() } })',
    'Expected 1-2 arguments, but got 0.',
  ],
  [
    'a state of another type',
    "define({ init, handleCast: { x: () => A.noreply('a') } })",
    'NoReply<"a", never>\' is not assignable to type',
  ],
  [
    'a misspelt action',
    'A.noreply(0, { timeuot: 1 })',
    "'timeuot' does not exist in type 'Action<unknown>'. Did you mean to write 'timeout'?",
  ],
  [
    'a reason as a text',
    "A.stop('normal', 0)",
    "Argument of type 'string' is not assignable to parameter of type 'ExitReason'.",
  ],
  // Calls.
  [
    'a call of an unknown request',
    "call(pid, 'nxt')",
    'Argument of type \'"nxt"\' is not assignable to parameter of type \'"add" | "next"\'.',
  ],
  [
    'a call with a wrong payload',
    "call(pid, 'add', 'x')",
    "Argument of type 'string' is not assignable to parameter of type 'number'.",
  ],
  ['a call without its payload', "call(pid, 'add')", 'Expected 3-4 arguments, but got 2.'],
  [
    'a cast of an unknown request',
    "cast(pid, 'rest', 1)",
    'Argument of type \'"rest"\' is not assignable to parameter of type',
  ],
  [
    'a message to a server that takes none',
    "A.send(pid, 'hello')",
    "Argument of type '\"hello\"' is not assignable to parameter of type 'never'.",
  ],
  [
    'a forgotten await',
    "call(startLink(system, counter, 1), 'next')",
    "Argument of type 'Promise<ServerOf<",
  ],
  [
    'a timeout outside of its object',
    "call(pid, 'add', 1, 500)",
    "Type '500' has no properties in common with type 'CallOptions'.",
  ],
  ['a start without its argument', 'startLink(system, counter)', 'Expected 3-4 arguments, but'],
  // Supervisors.
  [
    "Erlang's strategy",
    "A.Supervisor.startLink(system, { strategy: 'one_for_one', children: [] })",
    "Type '\"one_for_one\"' is not assignable to type 'Strategy'. Did you mean '\"oneForOne\"'?",
  ],
  [
    'a misspelt option of a supervisor',
    "A.Supervisor.startLink(system, { strategy: 'oneForOne', children: [], maxRestart: 5 })",
    "'maxRestart' does not exist in type",
  ],
  [
    'a behaviour as a child',
    "A.Supervisor.startLink(system, { strategy: 'oneForOne', children: [counter] })",
    "is missing the following properties from type 'ChildSpec<",
  ],
  [
    'maxSeconds as a text',
    "A.Supervisor.startLink(system, { strategy: 'oneForOne', children: [], maxSeconds: '5' })",
    "Type 'string' is not assignable to type 'number'.",
  ],
  [
    'an unknown child',
    "A.Supervisor.child(app, 'b')",
    'Argument of type \'"b"\' is not assignable to parameter of type \'"a"\'.',
  ],
  [
    'an unknown restart',
    "A.GenServer.childSpec(counter, 1, { id: 'a', restart: 'always' })",
    "Type '\"always\"' is not assignable to type 'Restart'.",
  ],
  [
    'a start that forgets its return',
    "A.childSpec(async (parent) => { await startLink(parent, counter, 1); }, { id: 'a' })",
    "Argument of type '(parent: Process<never>) => Promise<void>' is not assignable to parameter of type",
  ],
  [
    'a child spec by hand whose start forgets its return',
    `A.Supervisor.startLink(system, {
      strategy: 'oneForOne',
      children: [{ ...spec, start: async (parent) => { await startLink(parent, counter, 1); } }],
    })`,
    "=> Promise<void>' is not assignable to type",
  ],
  [
    'a child spec of a variable whose start forgets its return',
    `((): A.ChildSpec => ({
      ...spec,
      start: async (parent) => { await startLink(parent, counter, 1); },
    }))`,
    "=> Promise<void>' is not assignable to type",
  ],
  // Clients.
  [
    'a client without handle',
    "SseClient.resilient({ id: 'a', url })",
    'Argument of type \'{ id: "a"; url: string; }\' is not assignable to parameter of type',
  ],
  [
    'two handlers of a client',
    "SseClient.resilient({ id: 'a', url, handle, handleBatch: handle })",
    "handleBatch: () => void; }' is not assignable to parameter of type",
  ],
  [
    'a misspelt option of a client',
    "SseClient.resilient({ id: 'a', url, handle, idleTimout: 5 })",
    "Did you mean to write 'idleTimeout'?",
  ],
  [
    'a delay as a text, with schemas',
    "SseClient.resilient({ id: 'a', url, handle, events: schemas, handleInvalid: handle, minDelay: '5' })",
    "Type 'string' is not assignable to type 'number'.",
  ],
  [
    'an unknown field of a typed event',
    `SseClient.resilient({
      id: 'a', url, events: schemas, handleInvalid: handle, handle: (e) => { e.data.cc; },
    })`,
    "Property 'cc' does not exist on type '{ cents: number; }'.",
  ],
  [
    'a header as a number',
    "SseClient.resilient({ id: 'a', url, handle, headers: { a: 5 } })",
    "Type 'number' is not assignable to type 'HeaderValue'.",
  ],
  [
    'a cursor as a path',
    "SseClient.resilient({ id: 'a', url, handle, cursor: 'a.db' })",
    "Type 'string' is not assignable to type 'Cursor'.",
  ],
  [
    'a behaviour of a client without callbacks',
    'SseClient.define({ init: () => connect({ url }, 1) })',
    'is missing the following properties from type',
  ],
  [
    'a request as a text',
    "connect('http://localhost/', 1)",
    "Argument of type 'string' is not assignable to parameter of type 'RequestSource'.",
  ],
  ['a misspelt url', 'connect({ uri: url }, 1)', "'uri' does not exist in type 'RequestSource'."],
  ['a misspelt signal', 'events(url, { singal: 1 })', "Did you mean to write 'signal'?"],
  [
    'a listener that is no function',
    "new EventSource(url).addEventListener('open', 5)",
    'is not assignable to parameter of type \'Listener<"open"> | null\'.',
  ],
  [
    'a misspelt option of a listener',
    "new EventSource(url).addEventListener('message', handle, { onec: true })",
    "'onec' does not exist in type 'AddEventListenerOptions'.",
  ],
  [
    'a misspelt field of an event of the stream',
    "new EventSource(url).addEventListener('price', (e) => { e.dat; })",
    "Property 'dat' does not exist on type 'MessageEvent'. Did you mean 'data'?",
  ],
];

const errors = compilerErrors(
  mistakes.map(([, code]) => `${prelude}void ${code};\n`),
  { '@reprise/actor': 'packages/actor', '@reprise/sse': 'packages/sse' },
);

test.each(mistakes.map(([what, , message], at) => [what, at, message] as const))(
  'the compiler tells of one error: %s',
  (_what, at, message) => {
    const found = errors.get(at) ?? [];
    expect(found.map((text) => text.split('\n')[0])).toEqual([expect.stringContaining(message)]);
    expect(found.join('\n')).not.toContain('No overload matches');
  },
);
