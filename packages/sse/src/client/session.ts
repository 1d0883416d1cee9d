import {
  cancelTimer,
  type ExitMessage,
  ignore,
  isAlive,
  loggerOf,
  type Pid,
  type Process,
  stop,
  type TimerRef,
  trapExit,
} from '@reprise/actor';
import { expose } from '@reprise/actor/inspect';

import { type BudgetOwner, leaveBudget, openBudget } from '../budget/client-budgets.ts';
import type { RequestBudget } from '../budget/request-budget.ts';
import { type CursorWriter, openCursor, unkeptCursor } from '../cursor/cursor.ts';
import type { KeyedCursorOptions, PositionOptions } from '../cursor/options.ts';
import { type ConnectFailure, type Disconnect, type EventStreamResponse } from '../http/failure.ts';
import { defaultIdleTimeout, type SseRequest } from '../http/request.ts';
import { type Answered, Answers, type ServerAnswer } from './answers.ts';
import { BatchDelivery } from './batch-delivery.ts';
import { batching, type ErasedBehaviour } from './behaviour.ts';
import type { RequestContext } from './context.ts';
import type { Deliverer } from './deliverer.ts';
import { Delivery, type DeliveryContext } from './delivery.ts';
import {
  type ClientAction,
  type ClientEvent,
  type ClientSnapshot,
  initialSnapshot,
  step,
} from './machine.ts';
import type { RequestFunction } from './next.ts';
import { OriginTurn } from './origin-turn.ts';
import { defaultRequestTimeout, RequestCall } from './request-call.ts';
import { type Status, StatusRecord } from './status.ts';
import { ClientStream, type StreamOwner } from './stream.ts';
import { post, postAfter } from './task.ts';

/**
 * The life of a client: the snapshot of its machine, and the effects that the machine asks for, at
 * most one timer and one connection. `answers` calls the user's callbacks, `Delivery` handles the
 * events.
 */
export class Session implements StreamOwner {
  readonly answers: Answers;
  readonly #behaviour: ErasedBehaviour;
  readonly #self: Process;
  readonly #record: StatusRecord;
  readonly #delivery: Deliverer;
  readonly #budget: RequestBudget;
  readonly #turn: OriginTurn;
  #snapshot: ClientSnapshot = initialSnapshot;
  #timer: TimerRef | undefined = undefined;
  #stream: ClientStream | undefined = undefined;
  #call: RequestCall | undefined = undefined;
  #cursor: CursorWriter | undefined = undefined;
  #trapsForCursor = false;
  /** Whether a request has to wait for the first report of the cursor, which is in the mailbox. */
  #isReporting = false;

  constructor(behaviour: ErasedBehaviour, self: Process, owner: BudgetOwner) {
    this.#behaviour = behaviour;
    this.#self = self;
    this.#budget = openBudget(self, owner);
    this.#turn = new OriginTurn(self.system);
    this.#record = new StatusRecord(self);
    this.answers = new Answers(this, self, (event) => this.#step(this.#whenAllowed(event)));
    this.#delivery = delivererOf({
      behaviour,
      self,
      answers: this.answers,
      record: this.#record,
      packetDone: () => this.#stream?.packetDone(),
      readOn: () => this.#stream?.readOn(),
    });
    sessions.set(self.pid, this);
    expose(self, 'sse', this);
    // However the client ends, also when it is killed, its socket is closed.
    self.signal.addEventListener('abort', () => {
      this.#delivery.stop();
      this.#call?.end(self.signal.reason);
      this.close();
      leaveBudget(self, owner);
      this.#cursor?.release();
    });
  }

  /** The status of the client with this pid, if there is a live one. */
  static statusOf(pid: Pid): Status | undefined {
    const session = sessions.get(pid);
    return session !== undefined && isAlive(pid) ? session.read() : undefined;
  }

  read(): Status {
    return this.#record.read(this.#snapshot, {
      cursor: this.#cursor,
      delivery: this.#delivery,
      requestSince: this.#call?.pendingSince,
    });
  }

  init(arg: unknown, { cursor, cursorOf }: PositionOptions): Answered {
    if (cursor !== undefined) {
      return this.#initWithCursor(arg, { ...cursor, cursorOf });
    }
    if (cursorOf !== undefined) {
      this.#setCursor(unkeptCursor(cursorOf, ownerOf(this.#self)));
    }
    return this.#init(arg);
  }

  #init(arg: unknown): Answered {
    return this.answers.start(() => this.#behaviour.init(arg, this.#self));
  }

  async #initWithCursor(arg: unknown, options: KeyedCursorOptions): Promise<ServerAnswer> {
    const cursor = await openCursor(options, ownerOf(this.#self));
    this.#setCursor(cursor);
    if (!isAlive(this.#self.pid)) {
      // Killed while the store was read: no callback is called any more.
      cursor.release();
      return ignore;
    }
    this.#delivery.report(cursor.report);
    this.#isReporting = true;
    const started = await this.#init(arg);
    this.#isReporting = false;
    // With exits trapped, a supervisor that stops the client leaves it time to write its cursor.
    this.#trapsForCursor = !trapExit(this.#self, true);
    return started;
  }

  #setCursor(cursor: CursorWriter): void {
    this.#cursor = cursor;
    this.#delivery.setCursor(cursor);
  }

  /**
   * The answer to the exit of a linked process, where only the cursor made the client trap exits:
   * as if it did not trap them. `undefined` where the user traps exits.
   */
  exited({ reason }: ExitMessage): ServerAnswer | undefined {
    if (!this.#trapsForCursor) {
      return undefined;
    }
    return reason.type === 'normal' ? this.answers.goOn : stop(reason, this);
  }

  /** Closes the socket; the client ends. */
  end(): void {
    this.#record.ends();
    this.close();
  }

  /** Closes the socket, or gives up the attempt. */
  close(): void {
    this.#call?.abandon();
    this.#turn.leave();
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  /** Writes the cursor; `undefined` without one. */
  flush(): Promise<void> | undefined {
    return this.#cursor?.flush();
  }

  // The machine and its effects

  /** Moves the machine and carries out its actions; whether it led to another state. */
  #step(event: ClientEvent): boolean {
    const before = this.#snapshot.value;
    const [next, actions] = step(this.#snapshot, event);
    this.#snapshot = next;
    this.#delivery.setOpenGeneration(next.value === 'connected' ? next.context.generation : 0);
    const hasMoved = next.value !== before;
    if (hasMoved) {
      this.#record.moved();
    }
    for (const action of actions) {
      this.#act(action);
    }
    return hasMoved;
  }

  #act(action: ClientAction): void {
    switch (action.type) {
      case 'startTimer':
        this.#startTimer(action.params.generation, Math.ceil(action.params.after));
        return;
      case 'clearTimer':
        this.#clearTimer();
        return;
      case 'open':
        this.#open(action.params);
        return;
      case 'close':
        this.close();
        return;
      default:
        action satisfies never;
    }
  }

  #startTimer(generation: number, ms: number): void {
    this.#timer = postAfter(this.#self, ms, () => this.#due(generation));
    this.#record.waits(ms);
  }

  #clearTimer(): void {
    this.#record.waitsNoMore();
    this.#turn.leave();
    if (this.#timer !== undefined) {
      cancelTimer(this.#timer);
      this.#timer = undefined;
    }
  }

  // The limits of requests

  /** A connect of the user's, delayed until the budget has a request for it. */
  #whenAllowed(event: ClientEvent): ClientEvent {
    return event.type === 'CONNECT' || event.type === 'RECONNECT'
      ? { ...event, after: Math.max(event.after ?? 0, this.#budget.wait, this.#turn.ahead) }
      : event;
  }

  /** The wait is over. A client that returns to an origin waits for its turn there. */
  #due(generation: number): ServerAnswer {
    const due = (): ServerAnswer => {
      this.#step({ type: 'DUE', generation });
      return this.answers.goOn;
    };
    if (this.#turn.isFree) {
      return due();
    }
    if (generation === this.#snapshot.context.generation) {
      this.#record.waitsForTurn();
      this.#turn.enter(() => void post(this.#self, due));
    }
    return this.answers.goOn;
  }

  // An attempt, in its order

  /**
   * The first attempt of a client with a cursor waits its turn in the mailbox: a function for the
   * request may depend on facts in the report of the cursor.
   */
  #open(attempt: Attempt): void {
    this.#record.opens();
    this.#turn.begin();
    if (this.#isReporting) {
      post(this.#self, () => this.#ask(attempt));
    } else {
      this.#ask(attempt);
    }
  }

  /** Gets the request. A function may take a while, and the attempt may be stale by then. */
  #ask({ generation, request, requestTimeout = defaultRequestTimeout }: Attempt): ServerAnswer {
    if (generation !== this.#snapshot.context.generation) {
      return this.answers.goOn;
    }
    return typeof request === 'function'
      ? this.#callFor(generation, request, requestTimeout)
      : this.#connect(generation, request);
  }

  #callFor(generation: number, source: RequestFunction, ms: number): ServerAnswer {
    const call = new RequestCall(this.#self, ms, {
      given: (request) => this.#connect(generation, request),
      failed: (failure) => this.failed(generation, failure),
    });
    this.#call = call;
    call.ask(() => source(this.#requestContext(call.signal)));
    return this.answers.goOn;
  }

  #requestContext(signal: AbortSignal): RequestContext {
    const { attempt, lastEventId: handledId } = this.#record;
    const lastEventId = this.#cursor?.lastEventId ?? handledId;
    const cursor = this.#cursor?.cursor ?? lastEventId;
    return { self: this.#self, signal, lastEventId, cursor, attempt };
  }

  #connect(generation: number, given: SseRequest): ServerAnswer {
    if (generation === this.#snapshot.context.generation) {
      const lastEventId = this.#cursor?.lastEventId;
      this.#cursor?.begin();
      const request = complete(given, lastEventId);
      this.#record.sent(request ?? {});
      this.#stream = new ClientStream(this, {
        self: this.#self,
        generation,
        request,
        budget: this.#budget,
        delivery: this.#delivery,
        comments: this.#behaviour.handleComment !== undefined,
      });
      this.#turn.sent(request);
    }
    return this.answers.goOn;
  }

  connected(generation: number, response: EventStreamResponse): Answered {
    if (!this.#step({ type: 'OPENED', generation })) {
      return this.answers.goOn;
    }
    this.#turn.leave();
    this.#record.connected(response.url);
    // Its signal and its limit would be a twentieth of the memory of an idle stream.
    this.#call = undefined;
    const handle = (): Answered => this.answers.handle(this.#behaviour.handleConnect, response);
    return this.#cursor?.connected()?.then(handle) ?? handle();
  }

  failed(generation: number, failure: ConnectFailure): Answered {
    if (!this.#step({ type: 'FAILED', generation })) {
      return this.answers.goOn;
    }
    this.#turn.leave();
    this.#record.failed(failure);
    this.#cursor?.refused(failure);
    return this.answers.handle(this.#behaviour.handleConnectFailure, failure);
  }

  disconnected(generation: number, disconnect: Disconnect): Answered {
    const { lastEventId = '', retry } = this.#stream?.packets ?? {};
    if (!this.#step({ type: 'CLOSED', generation })) {
      return this.answers.goOn;
    }
    this.#record.disconnected(disconnect);
    const handle = (): Answered =>
      this.answers.handle(this.#behaviour.handleDisconnect, { ...disconnect, lastEventId, retry });
    return this.#cursor?.caughtUp(lastEventId)?.then(handle) ?? handle();
  }
}

function delivererOf(context: DeliveryContext): Deliverer {
  const { [batching]: ofBatches } = context.behaviour;
  return ofBatches === undefined ? new Delivery(context) : new BatchDelivery(ofBatches, context);
}

/** The parameters of the machine's action `open`. */
type Attempt = Extract<ClientAction, { readonly type: 'open' }>['params'];

/** The sessions by pid: a status is read from outside, while a callback of the client is busy. */
const sessions = new WeakMap<Pid, Session>();

/** Reports a failed write: it crashes the client, or is logged if that has ended. */
function ownerOf(self: Process): Parameters<typeof openCursor>[1] {
  const { clock } = self.system;
  return {
    clock,
    signal: self.signal,
    fail: (error) => {
      post(self, () => {
        throw error;
      });
    },
    warn: (error, problem) => {
      loggerOf(self).warn({ err: error }, `${String(self.pid)}: ${problem}`);
    },
  };
}

/**
 * The request as it is sent: with a limit of silence, and from the id of the cursor on. A function
 * may have returned anything; the connection reports a request that is none.
 */
function complete(given: SseRequest, lastEventId: string | undefined): SseRequest {
  if (typeof given !== 'object' || given === null) {
    return given;
  }
  const { idleTimeout = defaultIdleTimeout } = given;
  return { ...given, idleTimeout, ...(lastEventId === undefined ? {} : { lastEventId }) };
}
