import {
  exit,
  ExitError,
  type ExitMessage,
  GenServer,
  ignore,
  type NoReply,
  noreply,
  type Ok,
  ok,
  type Pid,
  type Process,
  type Receiver,
  type Reply,
  reply,
  send,
  spawn,
  stop,
  sys,
  TimeoutError,
  trapExit,
} from '@reprise/actor';
import { advance, createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import type { Kind } from './kind.ts';
import { format, reasonNames, reasonOf } from './reasons.ts';
import type { Term } from './term.ts';
import type { Trace } from './trace.ts';
import { startWatcher } from './watcher.ts';

/** The answer of a callback: its name, and its parts. */
type Answer = readonly [name: string, ...parts: Term[]];
type Op = readonly [name: string, ...parts: Term[]];
type Step = readonly [name: string, ...parts: Term[]];
type Terminate = 'ok' | 'crash' | 'exit' | 'throw';
type Program = readonly [
  init: Answer,
  traps: boolean,
  terminate: Terminate,
  steps: readonly Step[],
];

// Programs

const reason = fc.constantFrom(...reasonNames);
const value = fc.nat(3);

const tagged = (name: string, ...parts: readonly fc.Arbitrary<Term>[]) =>
  fc.tuple(fc.constant(name), ...parts) as fc.Arbitrary<Answer>;

/** Answers whose actions, if there are any, are among these. */
function answers(actions: readonly fc.Arbitrary<Answer>[]): {
  readonly any: fc.Arbitrary<Answer>;
  readonly init: fc.Arbitrary<Answer>;
} {
  const { any, init } = fc.letrec<{ any: Answer; action: Answer; init: Answer }>((tie) => ({
    action: fc.oneof(
      { weight: 4, arbitrary: tagged('none') },
      { weight: 2, arbitrary: tagged('continue', tie('any')) },
      ...actions,
    ),
    any: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      tagged('noreply', fc.constant(['none'])),
      { weight: 5, arbitrary: tagged('reply', value, tie('action')) },
      { weight: 4, arbitrary: tagged('noreply', tie('action')) },
      tagged('stop', reason),
      tagged('stopReply', value, reason),
      tagged('bad'),
      tagged('crash'),
      tagged('throwValue'),
      tagged('exit', reason),
      tagged('throw', tie('any')),
      { weight: 2, arbitrary: tagged('early', value, tie('any')) },
      { weight: 2, arbitrary: tagged('later') },
      { weight: 2, arbitrary: tagged('replyOpen', value, tie('any')) },
      tagged('trap', fc.boolean(), tie('any')),
    ),
    init: fc.oneof(
      { weight: 20, arbitrary: tagged('ok', tie('action')) },
      tagged('ignore'),
      tagged('stopStart', reason),
      tagged('bad'),
      tagged('crash'),
      tagged('throwValue'),
      tagged('exit', reason),
      tagged('throw', tagged('ok', tie('action'))),
    ),
  }));
  return { any, init };
}

const signals: readonly fc.Arbitrary<Step>[] = [
  tagged('signal', reason),
  tagged('parent', reason),
  tagged('parentExit', reason),
];

/** Sends messages, and waits for its last request alone: from then on the server runs, too. */
function client(any: fc.Arbitrary<Answer>, last: fc.Arbitrary<Op>): fc.Arbitrary<Step> {
  const first = fc.array(fc.oneof(tagged('cast', any), tagged('info', any)), { maxLength: 3 });
  const ops = fc.tuple(first, fc.array(last, { maxLength: 1 })).map((parts) => parts.flat());
  return tagged('client', ops);
}

/** At once, or never: time stands still. */
const timeout = tagged('timeout', fc.constantFrom(0, 1_000_000));
const hibernate = tagged('hibernate');

/** Programs in which time stands still. `requests`: the last steps of a client, besides calls. */
function untimed(
  actions: readonly fc.Arbitrary<Answer>[],
  requests: readonly fc.Arbitrary<Op>[],
): fc.Arbitrary<Program> {
  const { any, init } = answers(actions);
  const call = { weight: 6, arbitrary: tagged('call', any, fc.constant(0)) };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: client(any, fc.oneof(call, ...requests)) },
    ...signals,
  );
  return programs(init, fc.array(step, { maxLength: 15, size: 'max' }));
}

const sysRequests: readonly fc.Arbitrary<Op>[] = [
  tagged('suspend'),
  tagged('resume'),
  tagged('resume'),
  tagged('getState'),
  tagged('replaceState', fc.nat(9)),
];

// The timeouts of calls and of servers fall due at different times, and a step at neither.
const timed = answers([tagged('timeout', fc.constantFrom(100, 200)), hibernate]);
const timedSteps: fc.Arbitrary<readonly Step[]> = fc
  .array(
    fc.tuple(
      fc.array(client(timed.any, tagged('call', timed.any, fc.constantFrom(150, 250))), {
        maxLength: 2,
      }),
      tagged('advance', fc.constantFrom(100, 200)),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.flatMap(([clients, move]) => [...clients, move]));

function programs(
  init: fc.Arbitrary<Answer>,
  steps: fc.Arbitrary<readonly Step[]>,
): fc.Arbitrary<Program> {
  return fc.tuple(
    init,
    fc.boolean(),
    fc.constantFrom<Terminate>('ok', 'ok', 'crash', 'exit', 'throw'),
    steps,
  );
}

export const serverPrograms: Kind<Program> = {
  name: 'servers',
  programs: fc.oneof(
    { weight: 12, arbitrary: untimed([timeout, hibernate], [tagged('stop', reason)]) },
    // In OTP a suspended server that hibernates, and has messages, never rests.
    { weight: 12, arbitrary: untimed([timeout], [tagged('stop', reason), ...sysRequests]) },
    // A second for Erlang, a moment here.
    { weight: 1, arbitrary: programs(timed.init, timedSteps) },
  ),
  run: (program) => new World().run(program),
};

// The interpreter

interface State {
  readonly count: number;
  readonly open: readonly GenServer.From<Term>[];
}

interface Job {
  readonly world: World;
  readonly init: Answer;
  readonly traps: boolean;
  readonly terminate: Terminate;
}

class World {
  readonly system: TestSystem = createTestSystem();
  readonly #trace: string[] = [];
  #server: ServerPid | undefined = undefined;
  #clients = 0;
  #watch: (name: string, pid: Pid) => void = () => undefined;

  async run([init, traps, terminate, steps]: Program): Promise<Trace> {
    this.#watch = await startWatcher(this.system, (event) => this.#trace.push(event));
    const parent = await this.#startParent();
    const job = { world: this, init, traps, terminate };
    const started = GenServer.startLink(parent, behaviour, job).then(
      (pid) => (pid === undefined ? 'ignore' : 'ok'),
      (thrown: unknown) => `error ${shown(thrown)}`,
    );
    void started.then((result) => {
      this.tell('parent', result);
    });
    await settle(this.system);
    this.#trace.push('step');
    for (const [name, ...parts] of steps) {
      this.#step(parent, name, parts);
      await (name === 'advance' ? advance(this.system, parts[0] as number) : settle(this.system));
      this.#trace.push('step');
    }
    const trace = [...this.#trace];
    await this.system.stop();
    return trace;
  }

  tell(who: string, event: string): void {
    this.#trace.push(`${who} ${event}`);
  }

  add(pid: Pid): void {
    this.#server = pid as ServerPid;
    this.#watch('server', pid);
  }

  async #startParent(): Promise<Parent> {
    const { promise, resolve } = Promise.withResolvers<Parent>();
    spawn<ExitMessage | End>(this.system, async (self: Parent) => {
      trapExit(self, true);
      resolve(self);
      for (;;) {
        const message = await self.receive();
        if (message.type === 'end') {
          exit(self, reasonOf(message.reason));
        }
        this.tell('parent', `EXIT ${format(message.reason)}`);
      }
    });
    return promise;
  }

  #step(parent: Parent, name: string, [first]: readonly Term[]): void {
    const pid = this.#server;
    if (pid === undefined || name === 'advance') {
      return;
    }
    if (name === 'client') {
      this.#clients += 1;
      const client = `client${this.#clients}`;
      const ops = first as readonly Op[];
      spawn(this.system, async (self) => {
        for (const [kind, ...parts] of ops) {
          const result = (clientOps[kind] as ClientOp)(pid, self, ...(parts as never[]));
          // The others wait for nothing, as in Erlang: the server has no turn between them.
          if (result !== undefined) {
            await this.#tellResult(client, result);
          }
        }
      });
    } else if (name === 'parentExit') {
      send(parent.pid, { type: 'end', reason: first as string });
    } else {
      const from = name === 'parent' ? parent : this.system;
      exit(from, pid, reasonOf(first as string));
    }
  }

  async #tellResult(client: string, result: Promise<unknown>): Promise<void> {
    try {
      this.tell(client, `got ${String(await result)}`);
    } catch (thrown) {
      this.tell(client, `exit ${shown(thrown)}`);
    }
  }
}

interface End {
  readonly type: 'end';
  readonly reason: string;
}
type Parent = Receiver<ExitMessage | End>;

type ClientOp = (pid: ServerPid, self: Process, ...parts: never[]) => Promise<unknown> | undefined;

const clientOps: Readonly<Record<string, ClientOp>> = {
  call: (pid, self, answer: Answer, timeout: number) =>
    GenServer.call(pid, 'do', answer, { self, timeout: timeout === 0 ? Infinity : timeout }),
  cast: (pid, _self, answer: Answer) => {
    GenServer.cast(pid, 'do', answer);
    return undefined;
  },
  info: (pid, _self, answer: Answer) => {
    send(pid, { type: 'do', answer });
    return undefined;
  },
  stop: async (pid, _self, why: string) => {
    await GenServer.stop(pid, reasonOf(why));
    return 'ok';
  },
  suspend: async (pid) => {
    await sys.suspend(pid);
    return 'ok';
  },
  resume: async (pid) => {
    await sys.resume(pid);
    return 'ok';
  },
  getState: async (pid) => (await sys.getState<State>(pid)).count,
  replaceState: async (pid, _self, count: number) =>
    (await sys.replaceState<State>(pid, (state) => ({ ...state, count }))).count,
};

function shown(thrown: unknown): string {
  if (thrown instanceof TimeoutError) {
    return 'timeout';
  }
  if (thrown instanceof ExitError) {
    return format(thrown.reason);
  }
  throw thrown;
}

// The server

type Info =
  | { readonly type: 'do'; readonly answer: Answer }
  | { readonly type: 'timeout' }
  | ExitMessage;

interface Running extends State {
  readonly job: Job;
}

const nothing: Answer = ['noreply', ['none']];

const behaviour = GenServer.define({
  init: (job: Job, self) => {
    job.world.add(self.pid);
    trapExit(self, job.traps);
    job.world.tell('server', 'init');
    const answer = answered(job.init, {
      state: { count: 0, open: [], job },
      self,
      from: undefined,
    });
    return answer as Ok<Running, Answer>;
  },
  handleCall: {
    do: (answer: Answer, state, from: GenServer.From<Term>, self) =>
      callback('call', answer, { state, self, from }) as unknown as Reply<Term, Running, Answer>,
  },
  handleCast: {
    do: (answer: Answer, state, self) => callback('cast', answer, { state, self, from: undefined }),
  },
  handleInfo: (message: Info, state, self) => {
    const at = { state, self, from: undefined };
    switch (message.type) {
      case 'do':
        return callback('info', message.answer, at);
      case 'timeout':
        return callback('timeout', nothing, at);
      default:
        return callback(`EXIT ${format(message.reason)}`, nothing, at);
    }
  },
  handleContinue: (answer: Answer, state, self) =>
    callback('continue', answer, { state, self, from: undefined }),
  terminate: (why, { job, count }, self) => {
    job.world.tell('server', `terminate ${format(why)} ${count}`);
    switch (job.terminate) {
      case 'crash':
        throw new Error('oops');
      case 'exit':
        return exit(self, reasonOf('gone'));
      case 'throw':
        throw 'ball' as unknown;
      default:
        return undefined;
    }
  },
});
type ServerPid = GenServer.ServerOf<typeof behaviour>;

/** A callback that runs. */
interface At {
  readonly state: Running;
  readonly self: Process;
  readonly from: GenServer.From<Term> | undefined;
}

function callback(
  what: string,
  answer: Answer,
  { state, self, from }: At,
): NoReply<Running, Answer> {
  state.job.world.tell('server', `${what} ${state.count}`);
  const next = { ...state, count: state.count + 1 };
  return answered(answer, { state: next, self, from }) as NoReply<Running, Answer>;
}

function answered([name, ...parts]: Answer, at: At): unknown {
  return (answersOf[name] as AnswerOf)(at, ...(parts as never[]));
}

type AnswerOf = (at: At, ...parts: never[]) => unknown;

const answersOf: Readonly<Record<string, AnswerOf>> = {
  ok: ({ state }, action: Answer) => ok(state, actionOf(action)),
  ignore: () => ignore,
  stopStart: (_at, why: string) => stop(reasonOf(why)),
  reply: ({ state }, of: Term, action: Answer) => reply(of, state, actionOf(action)),
  noreply: ({ state }, action: Answer) => noreply(state, actionOf(action)),
  stop: ({ state }, why: string) => stop(reasonOf(why), state),
  stopReply: ({ state }, of: Term, why: string) => stop(reasonOf(why), of, state),
  bad: () => 'garbage',
  crash: () => {
    throw new Error('oops');
  },
  throwValue: () => {
    throw 'ball' as unknown;
  },
  exit: ({ self }, why: string) => exit(self, reasonOf(why)),
  throw: (at, answer: Answer) => {
    throw answered(answer, at) as unknown;
  },
  early: (at, of: Term, answer: Answer) => {
    if (at.from !== undefined) {
      GenServer.reply(at.from, of);
    }
    return answered(answer, at);
  },
  later: ({ state, from }) =>
    noreply(from === undefined ? state : { ...state, open: [...state.open, from] }),
  replyOpen: (at, of: Term, answer: Answer) => {
    const [first, ...open] = at.state.open;
    if (first !== undefined) {
      GenServer.reply(first, of);
    }
    return answered(answer, { ...at, state: { ...at.state, open } });
  },
  trap: (at, flag: boolean, answer: Answer) => {
    trapExit(at.self, flag);
    return answered(answer, at);
  },
};

function actionOf([name, part]: Answer): never {
  const actions: Readonly<Record<string, unknown>> = {
    none: undefined,
    timeout: { timeout: part },
    hibernate: { hibernate: true },
    continue: { continue: part },
  };
  return actions[name] as never;
}
