import { inspect } from 'node:util';

import type { ExitError, ExitReason, GenServer, NoReply, Process, System } from '@reprise/actor';

import type { AnyBehaviour } from '../../src/client/behaviour.ts';
import {
  connect,
  type ConnectFailure,
  type EventStreamResponse,
  noreply,
  type ServerSentEvent,
  SseClient,
  type SseRequest,
} from '../../src/index.ts';
import { Queue } from './queue.ts';
import type { Exchange } from './stage.ts';

/** The subject of each callback. */
interface Subjects {
  readonly init: unknown;
  readonly handleConnect: EventStreamResponse;
  readonly handleConnectFailure: ConnectFailure;
  readonly handleDisconnect: SseClient.Disconnected;
  readonly handleEvent: ServerSentEvent;
  readonly handleFailed: SseClient.FailedEvent;
  readonly handleComment: string;
  readonly handleInfo: unknown;
  readonly terminate: ExitReason;
}

type Name = keyof Subjects;
type Callback = (...args: readonly unknown[]) => unknown;

/** Records the callbacks of a client with their subjects, in order, and its exit reason. */
export class Observer {
  /** The names of the called callbacks, without `init`. */
  readonly called: Name[] = [];
  readonly #calls: Queue<{ readonly name: Name | 'end'; readonly subject: unknown }> = new Queue();

  /** The same behaviour, observed. */
  of<B extends AnyBehaviour>(behaviour: B): B {
    const callbacks = Object.entries(behaviour).map(([name, callback]: [string, unknown]) => [
      name,
      typeof callback === 'function' ? this.#observe(name as Name, callback as Callback) : callback,
    ]);
    return Object.fromEntries(callbacks) as B;
  }

  #observe(name: Name, callback: Callback): Callback {
    return (...args) => {
      if (name === 'init') {
        this.#watchEnd(args.at(-1) as Process);
      } else {
        this.called.push(name);
        this.#calls.push({ name, subject: args[0] });
      }
      return callback(...args);
    };
  }

  #watchEnd({ signal }: Process): void {
    signal.addEventListener('abort', () => {
      this.#calls.push({ name: 'end', subject: (signal.reason as ExitError).reason });
    });
  }

  /** The subject of the next callback, which has to be this one. */
  async next<Expected extends Name>(expected: Expected): Promise<Subjects[Expected]> {
    const { name, subject } = await this.#calls.next();
    if (name !== expected) {
      throw new Error(`Expected ${expected} next, got ${name}: ${inspect(subject)}`);
    }
    return subject as Subjects[Expected];
  }

  /** The same; other callbacks may come before it. */
  async until<Expected extends Name>(expected: Expected): Promise<Subjects[Expected]> {
    for (;;) {
      const { name, subject } = await this.#calls.next();
      if (name === expected) {
        return subject as Subjects[Expected];
      }
      if (name === 'end') {
        throw new Error(`Expected ${expected} in the end, got ${inspect(subject)}`);
      }
    }
  }

  /** The exit reason of the client; a second call gives that of its successor. */
  async ended(): Promise<ExitReason> {
    for (;;) {
      const { name, subject } = await this.#calls.next();
      if (name === 'end') {
        return subject as ExitReason;
      }
    }
  }
}

/** Starts an observed client with this behaviour, without a supervisor. */
export async function observe<B extends AnyBehaviour>(
  system: System,
  behaviour: B,
  arg?: GenServer.ArgOf<B>,
): Promise<{ readonly pid: SseClient.ServerOf<B>; readonly client: Observer }> {
  const client = new Observer();
  const pid = await SseClient.start(system, client.of(behaviour), arg as GenServer.ArgOf<B>);
  return { pid: pid as SseClient.ServerOf<B>, client };
}

/** Callbacks that keep the state: to spread below the callbacks that a test is about. */
export const defaults = {
  handleConnect: <State>(_: EventStreamResponse, state: State): NoReply<State> => noreply(state),
  handleConnectFailure: <State>(_: ConnectFailure, state: State): NoReply<State> => noreply(state),
  handleDisconnect: <State>(_: unknown, state: State): NoReply<State> => noreply(state),
  handleEvent: <State>(_: ServerSentEvent, state: State): State => state,
};

/** Connects, and does nothing else. */
export function once(request: SseRequest) {
  return SseClient.define({ ...defaults, init: () => connect(request, 'state') });
}

/** Resumes after the last event whenever the stream ends. */
export function follower({ url }: { readonly url: string }) {
  return SseClient.define({
    ...defaults,
    init: () => connect({ url }, ''),
    handleEvent: (event) => event.lastEventId,
    handleDisconnect: (_disconnected, lastEventId) => connect({ url, lastEventId }, lastEventId),
  });
}

/** Makes the client call this callback. */
export function provoke({ refuse, stream, response }: Exchange, callback: string): void {
  if (callback === 'handleConnectFailure') {
    refuse(500);
    return;
  }
  stream({ handleEvent: 'data: x\n\n', handleComment: ': x\n' }[callback]);
  if (callback === 'handleDisconnect') {
    response.end();
  }
}
