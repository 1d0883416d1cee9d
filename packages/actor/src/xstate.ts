import type {
  AnyActorLogic,
  AnyEventObject,
  EmittedFrom,
  EventFromLogic,
  InputFrom,
  Observer,
  OutputFrom,
  SnapshotFrom,
  Subscription,
} from 'xstate';

import { childKeys, type ChildOptions, type ChildSpec } from './child-spec.ts';
import { describe } from './describe.ts';
import { assertKnownKeys, type KeysOf } from './known-keys.ts';
import { type Destination, find } from './process/address.ts';
import { type Cell, cellOfProcess, nameOf, pidAndLabel } from './process/cell.ts';
import { ExitError } from './process/exit-error.ts';
import { type ExitReason, noproc, normal } from './process/exit-reason.ts';
import { loggerFor } from './process/extras.ts';
import type { Process } from './process/process.ts';
import type { Server } from './server/behaviour.ts';
import { startKeys } from './server/create-server.ts';
import * as GenServer from './server/gen-server.ts';
import { noreply, type NoReply, ok, reply, type Stop, stop } from './server/next.ts';
import { stateOf } from './server/state-of.ts';
import { type AnySnapshot, type Delay, lastSnapshotOf, Running } from './xstate/running.ts';

interface LogicCalls<Logic extends AnyActorLogic> {
  readonly send: {
    readonly payload: EventFromLogic<Logic>;
    readonly reply: SnapshotFrom<Logic>;
  };
}

declare const runs: unique symbol;

/** The pid of a process that runs an actor logic. Its messages are the events of that logic. */
export interface LogicPid<out Logic extends AnyActorLogic> extends Server<
  LogicCalls<Logic>,
  unknown,
  EventFromLogic<Logic>
> {
  readonly [runs]: Logic;
}

export type LogicOptions<Logic extends AnyActorLogic, Id extends string> = GenServer.StartOptions &
  Partial<ChildOptions<Id>> &
  (undefined extends InputFrom<Logic>
    ? { readonly input?: InputFrom<Logic> }
    : { readonly input: InputFrom<Logic> });

const logicKeys: KeysOf<LogicOptions<AnyActorLogic, string>> = {
  ...childKeys,
  ...startKeys,
  input: true,
};

type Options<Logic extends AnyActorLogic, Id extends string> =
  undefined extends InputFrom<Logic>
    ? readonly [options?: LogicOptions<Logic, Id>]
    : readonly [options: LogicOptions<Logic, Id>];

/** A child spec whose `start(parent)` also starts the process without a supervisor. */
export interface LogicSpec<Logic extends AnyActorLogic, Id extends string> extends ChildSpec<
  Id,
  LogicPid<Logic>
> {
  readonly start: (parent: Process) => Promise<LogicPid<Logic>>;
}

/**
 * The spec of a process that runs any actor logic of xstate 5: a machine, or the result of
 * `fromPromise`, `fromTransition`, `fromCallback` or `fromObservable`. A supervisor starts it, or
 * `start(parent)`. After a restart it begins again from its `input`. Default of `id`: the id of the
 * machine, or else `logic`.
 *
 * - `send(pid, event)` sends it an event; `GenServer.call(pid, 'send', event)` resolves with the
 *   snapshot after that event.
 * - It ends `normal` when the logic is done, and as a crash, with the error, when the logic fails.
 *   A start that fails rejects with the error.
 * - When the process ends, for any reason, the actor is stopped.
 * - Delays use the system's clock, and their events wait in the mailbox like any message. `log`
 *   writes to the system's logger, as a warning.
 *
 * Actors that a machine invokes or spawns are no processes: they live inside the machine.
 * @throws TypeError for anything but an actor logic
 * @see XState, "Actors"; OTP manual, `supervisor:child_spec()`
 * @example
 * ```ts
 * import { createSystem, GenServer, send, Supervisor } from '@reprise/actor';
 * import { fromLogic } from '@reprise/actor/xstate';
 * import { setup } from 'xstate';
 *
 * const light = setup({ types: { events: {} as { type: 'push' } } }).createMachine({
 *   id: 'light',
 *   initial: 'off',
 *   states: { off: { on: { push: 'on' } }, on: { on: { push: 'off' } } },
 * });
 *
 * const system = createSystem();
 * const app = await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [fromLogic(light, { id: 'hall' })],
 * });
 * const hall = Supervisor.child(app, 'hall');
 * send(hall, { type: 'push' });
 * send(hall, { type: 'push' });
 * const { value } = await GenServer.call(hall, 'send', { type: 'push' });
 * console.log(value); // on
 * await system.stop();
 * ```
 */
export function fromLogic<Logic extends AnyActorLogic, const Id extends string = string>(
  logic: Logic,
  ...[options]: Options<Logic, Id>
): LogicSpec<Logic, Id> {
  if (typeof logic?.transition !== 'function') {
    throw new TypeError(`Expected an actor logic of xstate, got ${describe(logic)}`);
  }
  assertKnownKeys('fromLogic', options ?? {}, logicKeys);
  const { input, ...rest }: GenServer.StartOptions & { readonly input?: unknown } = options ?? {};
  const id = 'id' in logic ? String(logic.id) : 'logic';
  const spec = GenServer.childSpec(behaviour, { logic, input }, { id, ...rest });
  return spec as unknown as LogicSpec<Logic, Id>;
}

/**
 * The current snapshot, read without a message to the process. After the end of the process it is
 * the last one, and its `status` says how the logic ended: `done` with the `output`, `error`, or
 * `stopped`.
 * @throws ExitError `noproc` when no process has the name; TypeError for a process
 * that runs no actor logic
 * @see XState, `actor.getSnapshot()`
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { fromLogic, getSnapshot, output } from '@reprise/actor/xstate';
 * import { fromPromise } from 'xstate';
 *
 * const double = fromPromise(async ({ input }: { input: number }) => input * 2);
 *
 * const system = createSystem();
 * const pid = await fromLogic(double, { input: 21 }).start(system);
 * await output(pid);
 * const { status, output: result } = getSnapshot(pid);
 * console.log(status, result); // done 42
 * await system.stop();
 * ```
 */
export function getSnapshot<Logic extends AnyActorLogic>(
  process: Destination<LogicPid<Logic>>,
): SnapshotFrom<Logic> {
  const cell = foundCell(process);
  return (stateOf(cell, Running)?.snapshot ?? lastSnapshot(cell)) as SnapshotFrom<Logic>;
}

/**
 * Calls a listener, or the `next` of an observer, with every new snapshot from now on, in the turn
 * that makes it, until `unsubscribe` or the end of the process. The `error` of an observer is
 * called with the error when the logic fails, and its `complete` when the logic is done or stopped;
 * of a process that has ended they are called at once, unless it was stopped. An error that a
 * listener or an observer throws is logged. Without `error` nothing is lost: the process crashes
 * with the error.
 * @throws as `getSnapshot` does; TypeError for neither a function nor an observer
 * @see XState, `actor.subscribe(observer)`
 * @example
 * ```ts
 * import { createSystem, GenServer } from '@reprise/actor';
 * import { fromLogic, subscribe } from '@reprise/actor/xstate';
 * import { fromTransition } from 'xstate';
 *
 * const counter = fromTransition((count: number, _: { type: 'add' }) => count + 1, 0);
 *
 * const system = createSystem();
 * const pid = await fromLogic(counter).start(system);
 * const { unsubscribe } = subscribe(pid, ({ context }) => {
 *   console.log(context);
 * });
 * await GenServer.call(pid, 'send', { type: 'add' }); // 1
 * unsubscribe();
 * await system.stop();
 * ```
 */
export function subscribe<Logic extends AnyActorLogic>(
  process: Destination<LogicPid<Logic>>,
  listener: ((snapshot: SnapshotFrom<Logic>) => void) | Observer<SnapshotFrom<Logic>>,
): Subscription {
  const cell = foundCell(process);
  const observer = guardedObserver(cell, listener);
  const running = stateOf(cell, Running);
  if (running === undefined) {
    tellEnd(lastSnapshot(cell), observer);
    return { unsubscribe: () => undefined };
  }
  return running.actor.subscribe(observer);
}

/**
 * Calls `listener` with every event of a type that the logic emits from now on, or of any type for
 * `*`, in the turn that emits it, until `unsubscribe` or the end of the process. An error that the
 * listener throws is logged.
 * @throws as `getSnapshot` does; TypeError for anything but a function
 * @see XState, `actor.on(type, handler)`
 * @example
 * ```ts
 * import { createSystem, GenServer } from '@reprise/actor';
 * import { fromLogic, on } from '@reprise/actor/xstate';
 * import { emit, setup } from 'xstate';
 *
 * const bell = setup({
 *   types: { events: {} as { type: 'press' }, emitted: {} as { type: 'rang'; times: number } },
 * }).createMachine({ on: { press: { actions: emit({ type: 'rang', times: 2 }) } } });
 *
 * const system = createSystem();
 * const pid = await fromLogic(bell).start(system);
 * on(pid, 'rang', ({ times }) => {
 *   console.log(times);
 * });
 * await GenServer.call(pid, 'send', { type: 'press' }); // 2
 * await system.stop();
 * ```
 */
export function on<
  Logic extends AnyActorLogic,
  const Type extends EmittedFrom<Logic>['type'] | '*',
>(
  process: Destination<LogicPid<Logic>>,
  type: Type,
  listener: (event: EmittedOf<Logic, Type>) => void,
): Subscription {
  if (typeof listener !== 'function') {
    throw new TypeError(`Expected a function, got ${describe(listener)}`);
  }
  const cell = foundCell(process);
  const running = stateOf(cell, Running);
  if (running === undefined) {
    lastSnapshot(cell);
    return { unsubscribe: () => undefined };
  }
  return running.actor.on(type, guarded<EmittedOf<Logic, Type>>(cell, listener));
}

type EmittedOf<Logic extends AnyActorLogic, Type> = Type extends '*'
  ? EmittedFrom<Logic>
  : Extract<EmittedFrom<Logic>, { readonly type: Type }>;

/**
 * Always with an `error`: without one, xstate throws the error in a timer, which ends the program.
 */
function guardedObserver<Snapshot>(
  cell: Cell,
  listener: ((snapshot: Snapshot) => void) | Observer<Snapshot>,
): Required<Observer<Snapshot>> {
  if (typeof listener === 'function') {
    return { next: guarded(cell, listener), error: ignored, complete: ignored };
  }
  if (typeof listener !== 'object' || listener === null) {
    throw new TypeError(`Expected a function or an observer, got ${describe(listener)}`);
  }
  const complete = guarded(cell, () => listener.complete?.());
  return {
    next: guarded(cell, (snapshot) => listener.next?.(snapshot)),
    error: guarded(cell, (error) => listener.error?.(error)),
    complete: () => {
      complete(undefined);
    },
  };
}

function ignored(): void {}

function guarded<Value>(cell: Cell, listener: (value: Value) => void): (value: Value) => void {
  return (value) => {
    try {
      listener(value);
    } catch (error) {
      loggerFor(cell).error({ err: error }, `a subscriber of ${nameOf(cell)} failed`);
    }
  };
}

/** As xstate does for a subscriber that comes after the end. */
function tellEnd({ status, error }: AnySnapshot, observer: Required<Observer<never>>): void {
  if (status === 'error') {
    observer.error(error);
  } else if (status === 'done') {
    observer.complete();
  }
}

/**
 * Resolves with the output once the logic is done. Rejects with an `ExitError` that has the exit
 * reason when the process ends without an output.
 * @throws as `getSnapshot` does
 * @see XState, `toPromise(actor)`
 * @example
 * ```ts
 * import { createSystem } from '@reprise/actor';
 * import { fromLogic, output } from '@reprise/actor/xstate';
 * import { fromPromise } from 'xstate';
 *
 * const system = createSystem();
 * const pid = await fromLogic(fromPromise(async () => 'done')).start(system);
 * console.log(await output(pid)); // done
 * await system.stop();
 * ```
 */
export function output<Logic extends AnyActorLogic>(
  process: Destination<LogicPid<Logic>>,
): Promise<OutputFrom<Logic>> {
  const cell = foundCell(process);
  if (stateOf(cell, Running) === undefined) {
    lastSnapshot(cell);
  }
  return new Promise((resolve, reject) => {
    cell.onEnd((reason) => {
      const last = lastSnapshot(cell);
      if (last.status === 'done') {
        resolve(last.output as OutputFrom<Logic>);
      } else {
        reject(new ExitError(reason, `output of ${nameOf(cell)}`));
      }
    });
  });
}

interface LogicStart {
  readonly logic: AnyActorLogic;
  readonly input: unknown;
}

const behaviour = GenServer.define({
  init: ({ logic, input }: LogicStart, self) => {
    const running = new Running(logic, input, cellOfProcess(self));
    return running.snapshot.status === 'error' ? stop(running.end as ExitReason) : ok(running);
  },
  handleCall: {
    send: (event: AnyEventObject, running) => {
      running.send(event);
      const { end, snapshot } = running;
      if (end === undefined) {
        return reply(snapshot, running);
      }
      return end === normal ? stop(end, snapshot, running) : stop(end, running);
    },
  },
  handleCast: {
    due: (delay: Delay, running) => {
      delay.run();
      return answerOf(running);
    },
    ended: (_, running) => answerOf(running),
  },
  handleInfo: (event: AnyEventObject, running) => {
    running.send(event);
    return answerOf(running);
  },
  formatStatus: ({ snapshot }) => snapshot,
});

function answerOf(running: Running): NoReply<Running> | Stop<Running> {
  const { end } = running;
  return end === undefined ? noreply(running) : stop(end, running);
}

function foundCell(process: Destination): Cell {
  const cell = find(process);
  if (cell === undefined) {
    throw new ExitError(noproc, String(process));
  }
  return cell;
}

/** The last snapshot of a process that has ended. */
function lastSnapshot(cell: Cell): AnySnapshot {
  const snapshot = lastSnapshotOf(cell);
  if (snapshot === undefined) {
    throw new TypeError(`Expected a process that runs an actor logic, got ${pidAndLabel(cell)}`);
  }
  return snapshot;
}
