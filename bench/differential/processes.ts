import {
  demonitor,
  exit,
  type ExitReason,
  isAlive,
  link,
  monitor,
  name,
  type Pid,
  processInfo,
  type Receiver,
  type Ref,
  register,
  send,
  spawn,
  spawnLink,
  spawnMonitor,
  trapExit,
  unalias,
  unlink,
  unregister,
  whereis,
} from '@reprise/actor';
import { createTestSystem, settle, type TestSystem } from '@reprise/actor/testing';
import fc from 'fast-check';

import type { Kind } from './kind.ts';
import { format, type ReasonName, reasonNames, reasonOf } from './reasons.ts';
import type { Trace } from './trace.ts';
import { startWatcher } from './watcher.ts';

type Action = readonly [name: string, ...args: (string | number | boolean)[]];
type Step = readonly [who: number, actions: readonly Action[]];

const number = fc.nat(7);
const text = fc.constantFrom('a', 'b');
const nameText = fc.constantFrom('n0', 'n1');
const reason = fc.constantFrom(...reasonNames);
const alias = fc.constantFrom('none', 'explicitUnalias', 'demonitor', 'replyDemonitor');

const action = (name: string, ...args: readonly fc.Arbitrary<string | number | boolean>[]) =>
  fc.tuple(fc.constant(name), ...args) as fc.Arbitrary<Action>;

/** The process itself goes on after these; other processes may end. */
const harmless = fc.oneof(
  action('spawn'),
  action('spawnLink'),
  action('spawnMonitor'),
  action('unlink', number),
  action('monitor', number, alias),
  action('monitorName', nameText),
  action('trapExit', fc.boolean()),
  action('send', number, text),
  action('sendName', nameText, text),
  action('register', nameText, number),
  action('unregister', nameText),
  action('whereis', nameText),
  action('alive', number),
);

/** These may end the process, or let it wait: they come last. */
const last = fc.oneof(
  action('link', number),
  action('receive', text),
  action('poll', text),
  action('signal', number, reason),
  action('exit', reason),
  action('raise'),
  action('throw'),
);

/** Their effect depends on whether a DOWN message is on its way: each is a step of its own. */
const alone = fc.oneof(
  action('demonitor', fc.nat(3), fc.boolean()),
  action('unalias', fc.nat(3)),
  action('sendAlias', number, fc.nat(3), text),
);

const step: fc.Arbitrary<Step> = fc.tuple(
  number,
  fc.oneof(
    { weight: 3, arbitrary: actionsOf(fc.array(harmless, { maxLength: 4 }), last) },
    { weight: 1, arbitrary: fc.tuple(alone) },
  ),
);

function actionsOf(
  first: fc.Arbitrary<readonly Action[]>,
  end: fc.Arbitrary<Action>,
): fc.Arbitrary<readonly Action[]> {
  return fc
    .tuple(first, fc.array(end, { maxLength: 1 }))
    .map(([actions, ends]) => [...actions, ...ends]);
}

export const processes: Kind<readonly Step[]> = {
  name: 'processes',
  programs: fc.array(step, { maxLength: 20, size: 'max' }),
  run: (steps) => new World().run(steps),
};

/** A message of one process to another. */
interface Message {
  readonly type: 'message';
  readonly from: number;
  readonly text: string;
}
interface Order {
  readonly type: 'order';
  readonly actions: readonly Action[];
}
interface Signal {
  readonly type: 'EXIT' | 'DOWN';
  readonly pid?: Pid;
  readonly name?: string;
  readonly ref?: Ref;
  readonly reason: ExitReason;
}
type Received = Message | Order | Signal;

const maxProcesses = 8;

/** The processes of one program, by their numbers, and their trace. */
class World {
  readonly system: TestSystem = createTestSystem();
  readonly trace: string[] = [];
  readonly actors: Actor[] = [];
  #watch: (number: number, pid: Pid) => void = () => undefined;

  async run(steps: readonly Step[]): Promise<Trace> {
    this.#watch = await startWatcher(this.system, (event) => this.trace.push(event));
    for (let count = 0; count < 3; count++) {
      this.start((body) => ({ pid: spawn(this.system, body) }));
    }
    await settle(this.system);
    for (const [who, actions] of steps) {
      const actor = this.at(who);
      // One that waits for a message would have to act on the order while another process acts.
      if (!actor.receives) {
        send(actor.pid, { type: 'order', actions });
      }
      await settle(this.system);
      this.trace.push('step');
    }
    for (const actor of this.actors) {
      this.#tellState(actor);
    }
    for (const text of ['n0', 'n1']) {
      this.trace.push(`named ${text} ${this.whereis(text)}`);
    }
    const trace = [...this.trace];
    await this.system.stop();
    return trace;
  }

  #tellState({ pid, number }: Actor): void {
    const info = processInfo(pid);
    if (info !== undefined) {
      const links = info.links.map((linked) => String(this.numberOf(linked))).toSorted();
      const { monitors, trapExit: traps, messageQueueLen } = info;
      this.trace.push(
        `state ${number} links [${links.join(',')}] monitors ${monitors.length} ${traps} ${messageQueueLen}`,
      );
    }
  }

  at(number: number): Actor {
    return this.actors[number % this.actors.length] as Actor;
  }

  numberOf(pid: Pid): number | 'root' {
    return this.actors.find((actor) => actor.pid === pid)?.number ?? 'root';
  }

  whereis(text: string): number | 'root' | undefined {
    const pid = whereis(this.system, text);
    return pid && this.numberOf(pid);
  }

  /** Starts a process, under the next number. */
  start(spawner: (body: (self: Receiver<Received>) => Promise<void>) => Started): Started {
    const number = this.actors.length;
    const started = spawner((self) => actor.loop(self));
    const actor = new Actor(this, number, started.pid);
    this.actors.push(actor);
    this.#watch(number, started.pid);
    return started;
  }
}

interface Started {
  readonly pid: Pid<Received>;
  readonly ref?: Ref;
}

/** One process. */
class Actor {
  readonly world: World;
  readonly number: number;
  readonly pid: Pid<Received>;
  /** The monitors that it has set. */
  readonly refs: Ref[] = [];
  /** It waits for a message, selectively. */
  receives = false;

  constructor(world: World, number: number, pid: Pid<Received>) {
    this.world = world;
    this.number = number;
    this.pid = pid;
  }

  async loop(self: Receiver<Received>): Promise<void> {
    for (;;) {
      const received = await self.receive();
      if (received.type !== 'order') {
        this.#saw(received);
        continue;
      }
      for (const [name, ...args] of received.actions) {
        // Only the last one waits: the others are done in one turn, as in Erlang.
        const done = actions[name]?.(this, self, ...(args as never[]));
        if (done !== undefined) {
          await done;
        }
      }
    }
  }

  tell(event: string, other: number | string = this.number): void {
    this.world.trace.push(`${this.number}<${other} ${event}`);
  }

  message(text: string): Message {
    return { type: 'message', from: this.number, text };
  }

  withMonitor(nth: number, act: (ref: Ref) => void): void {
    const ref = this.refs[nth % this.refs.length];
    if (ref !== undefined) {
      act(ref);
    }
  }

  #saw(received: Message | Signal): void {
    if (received.type === 'message') {
      this.tell(`message ${received.text}`, received.from);
      return;
    }
    const { type, ref, pid, name: target, reason } = received;
    const which = ref === undefined ? '' : `${this.refs.indexOf(ref)} `;
    this.tell(`${type} ${which}${format(reason)}`, pid ? this.world.numberOf(pid) : target);
  }
}

type Act = (actor: Actor, self: Receiver<Received>, ...args: never[]) => void | Promise<void>;

const actions: Readonly<Record<string, Act>> = {
  spawn: (actor, self) => {
    start(actor, 'spawn', (body) => ({ pid: spawn(self, body) }));
  },
  spawnLink: (actor, self) => {
    start(actor, 'spawnLink', (body) => ({ pid: spawnLink(self, body) }));
  },
  spawnMonitor: (actor, self) => {
    start(actor, 'spawnMonitor', (body) => spawnMonitor(self, body));
  },
  link: ({ world }, self, other: number) => {
    link(self, world.at(other).pid);
  },
  unlink: ({ world }, self, other: number) => {
    unlink(self, world.at(other).pid);
  },
  monitor: ({ world, refs }, self, other: number, mode: 'none' | 'demonitor') => {
    refs.push(monitor(self, world.at(other).pid, mode === 'none' ? {} : { alias: mode }));
  },
  monitorName: ({ refs }, self, text: string) => {
    refs.push(monitor(self, name(text).in(self)));
  },
  demonitor: (actor, self, nth: number, flush: boolean) => {
    actor.withMonitor(nth, (ref) => {
      actor.tell(`demonitor ${demonitor(self, ref, { info: true, flush })}`);
    });
  },
  unalias: (actor, self, nth: number) => {
    actor.withMonitor(nth, (ref) => {
      actor.tell(`unalias ${unalias(self, ref)}`);
    });
  },
  sendAlias: (actor, _self, other: number, nth: number, text: string) => {
    const ref = actor.world.actors[other]?.refs[nth];
    if (ref !== undefined) {
      send(ref as never, actor.message(text) as never);
    }
  },
  trapExit: (actor, self, flag: boolean) => {
    actor.tell(`trapExit ${trapExit(self, flag)}`);
  },
  send: (actor, _self, other: number, text: string) => {
    send(actor.world.at(other).pid, actor.message(text));
  },
  sendName: (actor, self, to: string, text: string) => {
    const destination = name<Pid<Received>>(to).in(self);
    actor.tell(`sendName ${trueOrError(() => send(destination, actor.message(text)))}`);
  },
  register: (actor, self, text: string, other: number) => {
    const { pid } = actor.world.at(other);
    actor.tell(`register ${trueOrError(() => register(self, text, pid))}`);
  },
  unregister: (actor, self, text: string) => {
    actor.tell(`unregister ${trueOrError(() => unregister(self, text))}`);
  },
  whereis: (actor, _self, text: string) => {
    actor.tell(`whereis ${actor.world.whereis(text)}`);
  },
  alive: (actor, _self, other: number) => {
    actor.tell(`alive ${isAlive(actor.world.at(other).pid)}`);
  },
  receive: (actor, self, text: string) => take(actor, self, text, Infinity),
  poll: (actor, self, text: string) => take(actor, self, text, 0),
  signal: ({ world }, self, other: number, named: ReasonName) => {
    exit(self, world.at(other).pid, reasonOf(named));
  },
  exit: (_actor, self, named: ReasonName) => exit(self, reasonOf(named)),
  raise: () => {
    throw new Error('oops');
  },
  throw: () => {
    throw 'ball' as unknown;
  },
};

function start(actor: Actor, how: string, spawner: Parameters<World['start']>[0]): void {
  const { world } = actor;
  const number = world.actors.length;
  if (number < maxProcesses) {
    const { ref } = world.start(spawner);
    if (ref !== undefined) {
      actor.refs.push(ref);
    }
    actor.tell(`${how} ${number}`);
  }
}

async function take(
  actor: Actor,
  self: Receiver<Received>,
  text: string,
  timeout: number,
): Promise<void> {
  const matches = (received: Received): received is Message =>
    received.type === 'message' && received.text === text;
  actor.receives = true;
  const taken = await self.receive(matches, { timeout });
  actor.receives = false;
  actor.tell(`took ${taken?.text ?? 'nothing'}`, taken?.from);
}

function trueOrError(act: () => unknown): string {
  try {
    act();
    return 'true';
  } catch {
    return 'error';
  }
}
