import {
  type Ignore,
  ignore,
  isAlive,
  isAnswer,
  noreply,
  type NoReply,
  type Ok,
  ok,
  type Process,
  type Reply,
  reply,
  type Stop,
  stop,
  type StopReply,
} from '@reprise/actor';
import { describe } from '@reprise/actor/text';

import { isThenable } from '../maybe-promise.ts';
import type { ErasedCallback } from './behaviour.ts';
import type { ClientEvent } from './machine.ts';
import type { Connect, Reconnect } from './next.ts';

/** Every answer of a user's callback. */
type UserAnswer =
  | Ok<unknown, unknown>
  | Reply<unknown, unknown, unknown>
  | NoReply<unknown, unknown>
  | Connect<unknown>
  | Reconnect<unknown>
  | Stop<unknown>
  | StopReply<unknown, unknown>
  | Ignore;

/** The answer of a client to the GenServer that it runs in. */
export type ServerAnswer =
  | Ok<object, unknown>
  | Reply<unknown, object, unknown>
  | NoReply<object, unknown>
  | Stop<object>
  | StopReply<unknown, object>
  | Ignore;

/** An answer at once, or when the promise of a callback settles. */
export type Answered = ServerAnswer | Promise<ServerAnswer>;

/**
 * Calls the user's callbacks and translates their answers: keeps the user's state, and answers the
 * GenServer with the state of that, which is the client itself. `connect` and `reconnect` become
 * events of the client's machine.
 */
export class Answers {
  readonly #client: object;
  readonly #self: Process;
  readonly #step: (event: ClientEvent) => void;
  /** The user's state. */
  state: unknown = undefined;
  /** `noreply(client)`, made once: thus an event costs no answer. */
  readonly goOn: NoReply<object>;

  /** `step` moves the machine of the client. */
  constructor(client: object, self: Process, step: (event: ClientEvent) => void) {
    this.#client = client;
    this.#self = self;
    this.#step = step;
    this.goOn = noreply(client);
  }

  /** Calls `init`; its `connect` means, as `ok` does, that the start succeeded. */
  start(init: () => unknown): Answered {
    const answer = this.#call(init);
    return isThenable(answer) ? answer.then(this.#started) : this.#started(answer);
  }

  readonly #started = (answer: ServerAnswer): ServerAnswer =>
    answer === this.goOn ? ok(this.#client) : answer;

  /** Calls a callback with its subject, such as a message or a failure, and the user's state. */
  handle(callback: ErasedCallback, subject: unknown): Answered {
    return this.#call(() => callback(subject, this.state, this.#self));
  }

  /** The same for a clause of `handleCall`, which also gets the address of the caller. */
  handleCall(clause: ErasedCallback, payload: unknown, from: unknown): Answered {
    return this.#call(() => clause(payload, this.state, from, this.#self));
  }

  #call(callback: () => unknown): Answered {
    const result = orThrownAnswer(callback);
    return isThenable(result)
      ? result.then(this.#translateUnknown, this.#translateThrown)
      : this.translate(result);
  }

  readonly #translateUnknown = (value: unknown): ServerAnswer => this.translate(value);

  readonly #translateThrown = (thrown: unknown): ServerAnswer =>
    this.translate(thrownAnswer(thrown));

  /** Carries out one answer of the user. */
  translate(value: unknown): ServerAnswer {
    if (!isAnswer(value) || !isAlive(this.#self.pid)) {
      // The GenServer reports a value that is no answer, and drops the answer of a dead process.
      return value as ServerAnswer;
    }
    const next = value as UserAnswer;
    if (next.type === 'ignore') {
      return ignore;
    }
    this.state = next.state;
    return this.#translate(next);
  }

  #translate(next: Exclude<UserAnswer, Ignore>): ServerAnswer {
    const client = this.#client;
    switch (next.type) {
      case 'ok':
        return ok(client);
      case 'reply':
        return next.action === undefined
          ? reply(next.value, client)
          : reply(next.value, client, next.action);
      case 'noreply':
        return next.action === undefined ? this.goOn : noreply(client, next.action);
      case 'stop':
        return stop(next.reason, client);
      case 'stopReply':
        return stop(next.reason, next.value, client);
      case 'connect':
        this.#connect('CONNECT', next);
        return this.goOn;
      case 'reconnect':
        this.#connect('RECONNECT', next);
        return this.goOn;
      default:
        return next satisfies never;
    }
  }

  #connect(
    type: 'CONNECT' | 'RECONNECT',
    { request, after, requestTimeout }: Connect<unknown> | Reconnect<unknown>,
  ): void {
    this.#step({ type, request, after, requestTimeout });
  }
}

/** The result of a callback. As in every server, a thrown answer counts as returned. */
function orThrownAnswer(callback: () => unknown): unknown {
  try {
    return callback();
  } catch (thrown) {
    return thrownAnswer(thrown);
  }
}

/**
 * The answer that was thrown; throws anything else again. A server takes a thrown value that is no
 * `Error` for a wrong answer, but the functions of `resilient` have no answers: the report names
 * the value.
 */
export function thrownAnswer(thrown: unknown): unknown {
  if (isAnswer(thrown)) {
    return thrown;
  }
  throw asError(thrown);
}

/** The value, or an error that names it. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(`thrown and not caught: ${describe(thrown)}`, { cause: thrown });
}

/**
 * The result of a handler in a transaction: an answer that it throws, or rejects with, counts as
 * returned, and is committed.
 */
export function orAnswer(call: () => unknown): unknown {
  try {
    const result = call();
    return isThenable(result) ? result.then(undefined, answerIn) : result;
  } catch (thrown) {
    return answerIn(thrown);
  }
}

function answerIn(thrown: unknown): unknown {
  if (isAnswer(thrown)) {
    return thrown;
  }
  throw thrown;
}
