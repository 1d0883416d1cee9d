import { expect, test } from '@jest/globals';
import {
  crash,
  demonitor,
  type DownMessage,
  exit,
  type ExitMessage,
  type ExitReason,
  kill,
  killed,
  link,
  monitor,
  name,
  noproc,
  normal,
  type Pid,
  type Process,
  type Receiver,
  type Ref,
  register,
  send,
  shutdown,
  spawn,
  spawnLink,
  trapExit,
  unlink,
  unregister,
  whereis,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import { cellOf } from '../../src/process/cell.ts';
import { exitReasonOf } from '../support/processes.ts';
import {
  type Action,
  initialProcesses,
  Model,
  maxProcesses,
  type Reason,
  type SignalSystem,
  type Trace,
} from '../support/signal-model.ts';

type Act = Exclude<Action, { type: 'exit' }>;
/** An action, and whether its process performs it at once or when it takes a message. */
type Step = { readonly by: number } & (
  | { readonly how: 'act'; readonly action: Act }
  | { readonly how: 'tell'; readonly action: Action }
);
type Order = { readonly type: 'order'; readonly action: Action };
type Message = string | Order | ExitMessage | DownMessage;

const names = ['printer', 'scanner'];

const reasons: Readonly<Record<Reason, ExitReason>> = {
  normal,
  shutdown,
  kill,
  killed,
  noproc,
  boom: crash('boom'),
  bye: crash('bye'),
};

/** The processes of a system, by number. They log the messages that they take. */
class Runtime implements SignalSystem {
  readonly #system: TestSystem = createTestSystem();
  readonly #pids: Pid<Message>[] = [];
  readonly #logs: string[][] = [];
  readonly #refs: Map<number, Ref[]> = new Map();
  readonly #allRefs: Ref[] = [];

  constructor() {
    for (let count = 0; count < initialProcesses; count++) {
      this.#spawn(spawn, this.#system);
    }
  }

  act(number: number, action: Act): void {
    const by = number % this.#pids.length;
    const answer = this.#answer(by, action);
    this.#log(by, `${action.type}: ${answer}`);
  }

  order(by: number, action: Action): void {
    send(this.#pid(by), { type: 'order', action });
  }

  settle(): Promise<void> {
    return settle(this.#system);
  }

  trace(): Trace {
    const owners = names.map((name) => [name, whereis(this.#system, name)] as const);
    return {
      logs: this.#logs,
      ends: this.#pids.map((pid) => nameOfReason(exitReasonOf(cellOf(pid)))),
      links: this.#pids.map((pid) => cellOf(pid).links.map((other) => this.#nameOf(other.pid))),
      names: Object.fromEntries(
        owners.flatMap(([name, owner]) => (owner ? [[name, this.#nameOf(owner)]] : [])),
      ),
    };
  }

  #answer(by: number, action: Act): string {
    try {
      return String(this.#do(by, action) ?? 'ok');
    } catch {
      return 'error';
    }
  }

  #do(by: number, action: Act): string | boolean | void {
    const self: Process = cellOf(this.#pid(by));
    switch (action.type) {
      case 'spawn':
        return this.#spawn(spawn, self);
      case 'spawnLink':
        return this.#spawn(spawnLink, self);
      case 'link':
        return link(self, this.#pid(action.other));
      case 'unlink':
        return unlink(self, this.#pid(action.other));
      case 'monitor':
        return this.#monitor(by, self, this.#pid(action.other));
      case 'demonitor':
        return this.#demonitor(by, self, action);
      case 'send':
        return send(this.#pid(action.other), action.text);
      case 'sendByName':
        return send(name<Pid<string>>(action.name).in(self), action.text);
      case 'signal':
        return exit(self, this.#pid(action.other), reasons[action.reason]);
      case 'trapExit':
        return trapExit(self, action.flag);
      case 'register':
        return register(self, action.name, this.#pid(action.other));
      case 'unregister':
        return unregister(self, action.name);
      default:
        return action satisfies never;
    }
  }

  #spawn(spawns: typeof spawn, parent: Process): string {
    const number = this.#pids.length;
    if (number === maxProcesses) {
      // A parent that has ended gets an error, whether there is room or not.
      return parent.signal.aborted ? 'error' : 'full';
    }
    this.#pids.push(spawns<Message>(parent, (self) => this.#run(number, self)));
    this.#logs.push([]);
    return `P${number}`;
  }

  async #run(number: number, self: Receiver<Message>): Promise<void> {
    this.#log(number, 'begins');
    for (;;) {
      this.#take(number, self, await self.receive());
    }
  }

  #take(number: number, self: Process, message: Message): void {
    if (typeof message === 'string') {
      this.#log(number, message);
    } else if (message.type === 'EXIT') {
      this.#log(number, `EXIT ${this.#nameOf(message.pid)} ${nameOfReason(message.reason)}`);
    } else if (message.type === 'DOWN') {
      this.#log(number, this.#nameOfDown(message));
    } else if (message.action.type === 'exit') {
      this.#log(number, `exit: ${message.action.reason}`);
      exit(self, reasons[message.action.reason]);
    } else {
      this.act(number, message.action);
    }
  }

  #monitor(by: number, self: Process, target: Pid): string {
    const ref = monitor(self, target);
    this.#refs.set(by, [...this.#refsOf(by), ref]);
    this.#allRefs.push(ref);
    return `M${this.#allRefs.length}`;
  }

  #demonitor(
    by: number,
    self: Process,
    { nth, flush }: { nth: number; flush: boolean },
  ): string | boolean {
    const refs = this.#refsOf(by);
    const ref = refs[nth % refs.length];
    return ref === undefined ? 'none' : demonitor(self, ref, { flush, info: true });
  }

  #refsOf(by: number): readonly Ref[] {
    return this.#refs.get(by) ?? [];
  }

  #nameOfDown({ ref, pid, reason }: DownMessage): string {
    const number = this.#allRefs.indexOf(ref) + 1;
    return `DOWN M${number} ${this.#nameOf(pid)} ${nameOfReason(reason)}`;
  }

  #nameOf(pid: Pid): string {
    return `P${this.#pids.indexOf(pid as Pid<Message>)}`;
  }

  #pid(number: number): Pid<Message> {
    return this.#pids[number % this.#pids.length] as Pid<Message>;
  }

  #log(number: number, entry: string): void {
    this.#logs[number]?.push(entry);
  }
}

function nameOfReason(reason: ExitReason | undefined): string | undefined {
  return reason?.type === 'crash' ? String(reason.error) : reason?.type;
}

const process = fc.nat(maxProcesses - 1);
const reason = fc.constantFrom<Reason[]>('normal', 'shutdown', 'boom', 'bye', 'kill', 'killed');
const text = fc.nat(99).map((number) => `hello ${number}`);
const oneName = fc.constantFrom(...names);

function action<const Type extends Action['type'], Fields extends object>(
  type: Type,
  fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
): fc.Arbitrary<{ type: Type } & Fields> {
  return fc.record(fields).map((values) => ({ type, ...(values as Fields) }));
}

const act: fc.Arbitrary<Act> = fc.oneof(
  action('spawn', {}),
  action('spawnLink', {}),
  { weight: 4, arbitrary: action('link', { other: process }) },
  { weight: 3, arbitrary: action('unlink', { other: process }) },
  { weight: 3, arbitrary: action('monitor', { other: process }) },
  { weight: 2, arbitrary: action('demonitor', { nth: fc.nat(3), flush: fc.boolean() }) },
  { weight: 2, arbitrary: action('send', { other: process, text }) },
  action('sendByName', { name: oneName, text }),
  { weight: 2, arbitrary: action('signal', { other: process, reason }) },
  { weight: 2, arbitrary: action('trapExit', { flag: fc.boolean() }) },
  action('register', { name: oneName, other: process }),
  action('unregister', { name: oneName }),
);
const acting = fc.record({ by: process, how: fc.constant('act' as const), action: act });
const telling = fc.record({ by: process, how: fc.constant('tell' as const), action: act });
const exiting = fc.record({
  by: process,
  how: fc.constant('tell' as const),
  action: action('exit', { reason }),
});

/**
 * At the end each process kills itself, one after another: that shows every link and monitor that
 * is left.
 */
const end: readonly Step[] = Array.from({ length: maxProcesses }, (_, other) => ({
  by: other,
  how: 'act',
  action: { type: 'signal', other, reason: 'kill' },
}));

async function play(
  side: SignalSystem,
  steps: readonly Step[],
  { isPatient }: { readonly isPatient: boolean },
): Promise<Trace> {
  await side.settle();
  for (const step of steps) {
    if (step.how === 'act') {
      side.act(step.by, step.action);
    } else {
      side.order(step.by, step.action);
    }
    if (isPatient) {
      await side.settle();
    }
  }
  await side.settle();
  return structuredClone(side.trace());
}

/**
 * A case that random actions seldom produce: a DOWN message waits while its monitor is ended.
 */
const lateDemonitor = fc
  .record({ by: process, other: process, nth: fc.nat(3), flush: fc.boolean() })
  .map(({ by, other, nth, flush }): Step[] => [
    { by, how: 'act', action: { type: 'monitor', other } },
    { by: other, how: 'act', action: { type: 'signal', other, reason: 'kill' } },
    { by, how: 'act', action: { type: 'demonitor', nth, flush } },
  ]);
const step = fc.oneof(
  { weight: 4, arbitrary: acting },
  { weight: 2, arbitrary: telling },
  { weight: 1, arbitrary: exiting },
);

const one = step.map((each): Step[] => [each]);
const programs = fc
  .array(fc.oneof({ weight: 20, arbitrary: one }, lateDemonitor), { maxLength: 40 })
  .map((parts) => parts.flat());

test.each([
  ['one at a time', true],
  ['in one burst', false],
])(
  'random programs follow the rules of Erlang: %s',
  async (_, isPatient) => {
    await fc.assert(
      fc.asyncProperty(programs, async (steps) => {
        const model = new Model();
        const runtime = new Runtime();
        const expected = await play(model, steps, { isPatient });
        expect(await play(runtime, steps, { isPatient })).toStrictEqual(expected);
        const expectedEnd = await play(model, end, { isPatient: true });
        expect(await play(runtime, end, { isPatient: true })).toStrictEqual(expectedEnd);
      }),
      { numRuns: 400 },
    );
  },
  30_000,
);
