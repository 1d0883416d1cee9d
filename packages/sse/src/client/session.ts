import {
  cancelTimer,
  type ExitMessage,
  type Ignore,
  ignore,
  isAlive,
  isAnswer,
  noreply,
  type NoReply,
  type Ok,
  ok,
  type Pid,
  type Process,
  type Reply,
  reply,
  send,
  sendAfter,
  type Stop,
  stop,
  type StopReply,
  type TimerRef,
  trapExit,
} from '@reprise/actor';

import { type CursorReport, type CursorWriter, openCursor } from '../cursor/cursor.ts';
import type { CursorOptions } from '../cursor/options.ts';
import type { ServerSentEvent } from '../format/event.ts';
import { createPacketState, handlePacket, type PacketState } from '../format/parser.ts';
import { type Connection, openConnection } from '../http/connection.ts';
import type { ConnectFailure, Disconnect, EventStreamResponse } from '../http/failure.ts';
import type { SseRequest } from '../http/request.ts';
import type { AnyBehaviour } from './behaviour.ts';
import type { RequestContext } from './context.ts';
import {
  type ClientAction,
  type ClientEvent,
  type ClientSnapshot,
  initialSnapshot,
  step,
} from './machine.ts';
import type { Connect, Reconnect, RequestSource } from './next.ts';
import { type Status, StatusRecord } from './status.ts';

/** What a user's callback may answer. */
type UserAnswer =
  | Ok<unknown, unknown>
  | Reply<unknown, unknown, unknown>
  | NoReply<unknown, unknown>
  | Connect<unknown>
  | Reconnect<unknown>
  | Stop<unknown>
  | StopReply<unknown, unknown>
  | Ignore;

/** What the server that the client runs in is answered: its state is the session itself. */
type SessionAnswer =
  | Ok<Session, unknown>
  | Reply<unknown, Session, unknown>
  | NoReply<Session, unknown>
  | Stop<Session>
  | StopReply<unknown, Session>
  | Ignore;

/** At once, or when a callback's promise settles. */
export type Turn = SessionAnswer | Promise<SessionAnswer>;

type Callback = (...args: readonly unknown[]) => unknown;

/**
 * What connections, timers and request functions have to tell their client. They tell it by its
 * mailbox, so that it does one thing at a time and in the order things happened.
 */
export class Notice {
  /** Does it, in the client's turn. */
  readonly take: () => Turn;

  constructor(take: () => Turn) {
    this.take = take;
  }
}

/** The items of one packet, those before `at` handled. A string is a comment. */
interface Packet {
  readonly generation: number;
  readonly items: readonly (ServerSentEvent | string)[];
  at: number;
}

/**
 * A client from the inside: the user's state, the machine's snapshot, and what the machine has had
 * done: at most one timer and one connection. It calls the user's callbacks and does what they
 * answer.
 */
export class Session {
  readonly #behaviour: AnyBehaviour;
  readonly #self: Process<never>;
  #state: unknown;
  #snapshot: ClientSnapshot = initialSnapshot;
  #timer: TimerRef | undefined = undefined;
  #connection: Connection | undefined = undefined;
  #packets: PacketState<ServerSentEvent | string> | undefined = undefined;
  readonly #record: StatusRecord;
  #cursor: CursorWriter | undefined = undefined;
  /**
   * The generation whose connection is open; 0 for none. Beside the snapshot, since it is looked at for
   * every event.
   */
  #openGeneration = 0;
  #isOver = false;
  /** Whether the next event may show that the server ignored the cursor. */
  #isCursorUntested = false;
  #trapsForCursor = false;
  /** `noreply(this)`, made once: an event costs no answer. */
  readonly #goOn: NoReply<Session> = noreply(this);

  constructor(behaviour: AnyBehaviour, self: Process<never>) {
    this.#behaviour = behaviour;
    this.#self = self;
    this.#record = new StatusRecord(self.system.clock);
    sessions.set(self.pid, this);
    // However the client ends, by a kill too, its socket is closed.
    self.signal.addEventListener('abort', () => {
      this.#isOver = true;
      this.close();
      this.#cursor?.release();
    });
  }

  get state(): unknown {
    return this.#state;
  }

  /** How the client with this pid stands, if it is one and alive. */
  static statusOf(pid: Pid): Status | undefined {
    const session = sessions.get(pid);
    return session !== undefined && isAlive(pid)
      ? session.#record.read(session.#snapshot)
      : undefined;
  }

  init(arg: unknown, cursor?: CursorOptions & { readonly key: string }): Turn {
    return cursor === undefined ? this.#init(arg) : this.#initAt(cursor, arg);
  }

  #init(arg: unknown): Turn {
    const started = this.#do(() => (this.#behaviour.init as Callback)(arg, this.#self));
    return isThenable(started)
      ? started.then((answer) => this.#started(answer))
      : this.#started(started);
  }

  async #initAt(
    options: CursorOptions & { readonly key: string },
    arg: unknown,
  ): Promise<SessionAnswer> {
    const fail = (error: unknown): void => {
      this.#post(() => {
        throw error;
      });
    };
    const { clock, logger } = this.#self.system;
    const warn = (error: unknown): void => {
      logger.warn({ err: error }, `${String(this.#self.pid)}: its cursor could not be written`);
    };
    const cursor = await openCursor(options, { clock, fail, warn });
    this.#cursor = cursor;
    if (!isAlive(this.#self.pid)) {
      // Killed while the store was read: nobody is left to be told anything.
      cursor.release();
      return ignore;
    }
    this.#tell(cursor.report);
    const started = await this.#init(arg);
    // Stopped by its supervisor, it has to have the time to write.
    this.#trapsForCursor = !trapExit(this.#self, true);
    return started;
  }

  /**
   * What a message from a linked process does that ended, when the user does not trap exits: as if
   * nobody did.
   */
  exited({ reason }: ExitMessage): SessionAnswer | undefined {
    if (!this.#trapsForCursor) {
      return undefined;
    }
    return reason.type === 'normal' ? this.#goOn : stop(reason, this);
  }

  #started(answer: SessionAnswer): SessionAnswer {
    return answer === this.#goOn ? ok(this) : answer;
  }

  #tell(report: CursorReport): void {
    const { handleCursor } = this.#behaviour;
    if (handleCursor !== undefined) {
      this.#post(() => this.handle(handleCursor, report));
    }
  }

  /**
   * Calls one of the user's functions with what is to be handled and the state, and does what it
   * answers.
   */
  handle(callback: unknown, subject: unknown): Turn {
    return this.#do(() => (callback as Callback)(subject, this.#state, this.#self));
  }

  /** The same for a call, which has its `from` besides. */
  handleCall(callback: unknown, payload: unknown, from: unknown): Turn {
    return this.#do(() => (callback as Callback)(payload, this.#state, from, this.#self));
  }

  #do(call: () => unknown): Turn {
    const result = orThrown(call);
    return isThenable(result)
      ? result.then((value) => this.#answer(value), this.#answerThrown)
      : this.#answer(result);
  }

  readonly #answerThrown = (thrown: unknown): SessionAnswer => this.#answer(answerOf(thrown));

  #answer(value: unknown): SessionAnswer {
    if (!isAnswer(value) || !isAlive(this.#self.pid)) {
      // The server says what is wrong with the one, and drops the other.
      return value as SessionAnswer;
    }
    const next = value as UserAnswer;
    if (next.type === 'ignore') {
      return ignore;
    }
    this.#state = next.state;
    switch (next.type) {
      case 'ok':
        return ok(this);
      case 'reply':
        return next.action === undefined
          ? reply(next.value, this)
          : reply(next.value, this, next.action);
      case 'noreply':
        return next.action === undefined ? this.#goOn : noreply(this, next.action);
      case 'stop':
        return stop(next.reason, this);
      case 'stopReply':
        return stop(next.reason, next.value, this);
      case 'connect':
        this.#step({ type: 'CONNECT', request: next.request, after: next.after });
        return this.#goOn;
      case 'reconnect':
        this.#step({ type: 'RECONNECT', request: next.request });
        return this.#goOn;
      default:
        return next satisfies never;
    }
  }

  /** Lets go of the socket. */
  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#packets = undefined;
  }

  /** Writes the cursor; `undefined` if there is none. */
  flush(): Promise<void> | undefined {
    return this.#cursor?.flush();
  }

  // The machine, and what it has done

  /** Moves the machine, and does what it says; whether that led to another state. */
  #step(event: ClientEvent): boolean {
    const before = this.#snapshot.value;
    const [next, actions] = step(this.#snapshot, event);
    this.#snapshot = next;
    this.#openGeneration = next.value === 'connected' ? next.context.generation : 0;
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
        this.#wait(action.params.generation, action.params.after);
        return;
      case 'clearTimer':
        this.#record.waitsNoMore();
        if (this.#timer !== undefined) {
          cancelTimer(this.#timer);
          this.#timer = undefined;
        }
        return;
      case 'open':
        this.#open(action.params.generation, action.params.request);
        return;
      case 'close':
        this.close();
        return;
      default:
        action satisfies never;
    }
  }

  #post(take: () => Turn): void {
    send(this.#self.pid as Pid<unknown>, new Notice(take));
  }

  #wait(generation: number, ms: number): void {
    const due = new Notice(() => {
      this.#step({ type: 'DUE', generation });
      return this.#goOn;
    });
    this.#timer = sendAfter(this.#self.pid as Pid<unknown>, due, Math.ceil(ms));
    this.#record.waits(Math.ceil(ms));
  }

  /**
   * Asks for the request if it is a function's to give: that may take a while, and the client may
   * want something else by then.
   */
  #open(generation: number, source: RequestSource): void {
    this.#record.opens();
    const failed = (error: unknown): void => {
      this.#post(() => this.#failed(generation, { type: 'request', error }));
    };
    try {
      const request = typeof source === 'function' ? source(this.#requestContext()) : source;
      if (isThenable(request)) {
        request.then((given) => {
          this.#post(() => this.#connect(generation, given));
        }, failed);
      } else {
        this.#connect(generation, request);
      }
    } catch (error) {
      failed(error);
    }
  }

  #requestContext(): RequestContext {
    const { signal } = this.#self;
    const lastEventId = this.#cursor?.lastEventId ?? this.#record.lastEventId;
    return { self: this.#self, signal, lastEventId, attempt: this.#record.attempt };
  }

  #connect(generation: number, given: SseRequest): SessionAnswer {
    if (generation !== this.#snapshot.context.generation) {
      return this.#goOn;
    }
    const from = this.#cursor?.lastEventId;
    const request = from === undefined ? given : { ...given, lastEventId: from };
    this.#isCursorUntested = from !== undefined;
    const packets = createPackets(request, this.#behaviour.handleComment !== undefined);
    const connection = openConnection(
      request,
      {
        connected: (response) => {
          this.#post(() => this.#connected(generation, response));
        },
        failed: (failure) => {
          this.#post(() => this.#failed(generation, failure));
        },
        packet: (bytes) => {
          // Read at once, since the bytes are the connection's; handled in the client's turn, and
          // until then nothing more is read.
          connection.pause();
          const packet = { generation, items: handlePacket(bytes, packets), at: 0 };
          this.#record.received(bytes.length, packet.items.length);
          this.#post(() => this.#packet(packet));
        },
        disconnected: (disconnect) => {
          this.#post(() => this.#disconnected(generation, disconnect));
        },
      },
      this.#self.system.clock,
    );
    this.#connection = connection;
    this.#packets = packets;
    return this.#goOn;
  }

  #connected(generation: number, response: EventStreamResponse): Turn {
    if (!this.#step({ type: 'OPENED', generation })) {
      return this.#goOn;
    }
    this.#record.connected(response.url);
    return this.handle(this.#behaviour.handleConnect, response);
  }

  #failed(generation: number, failure: ConnectFailure): Turn {
    if (!this.#step({ type: 'FAILED', generation })) {
      return this.#goOn;
    }
    this.#record.failed(failure);
    return this.handle(this.#behaviour.handleConnectFailure, failure);
  }

  #disconnected(generation: number, disconnect: Disconnect): Turn {
    const { lastEventId = '', retry } = this.#packets ?? {};
    if (!this.#step({ type: 'CLOSED', generation })) {
      return this.#goOn;
    }
    this.#record.failed(disconnect);
    const tell = (): Turn =>
      this.handle(this.#behaviour.handleDisconnect, { ...disconnect, lastEventId, retry });
    return this.#cursor?.caughtUp(lastEventId)?.then(tell) ?? tell();
  }

  // The events

  /**
   * Handles what is left of a packet. Between two events the mailbox is looked at: what waits there
   * goes first, and the rest of the packet queues up behind it.
   */
  #packet(packet: Packet): Turn {
    const pending = this.#handleItems(packet);
    return isThenable(pending) ? this.#awaitItems(packet, pending) : pending;
  }

  /**
   * Goes on until an item is to be waited for, whose promise it returns, or there is an answer to
   * give.
   */
  #handleItems(packet: Packet): SessionAnswer | Promise<unknown> {
    const { items, generation } = packet;
    const cursor = this.#cursor;
    while (packet.at < items.length && this.#openGeneration === generation) {
      const item = items[packet.at] as ServerSentEvent | string;
      if (cursor !== undefined && this.#isCursorUntested && this.#testCursor(cursor, item)) {
        this.#queueRest(packet);
        return this.#goOn;
      }
      packet.at += 1;
      if (cursor !== undefined && this.#isRepeat(cursor, item)) {
        continue;
      }
      const result = cursor === undefined ? this.#handleItem(item) : this.#handleAt(cursor, item);
      if (isPromise(result)) {
        return result;
      }
      const answer = this.#accept(result, packet, item);
      if (answer !== undefined) {
        return answer;
      }
    }
    return this.#packetDone(packet);
  }

  /**
   * The first event of a connection, before it is handled: whether there is something to say of it
   * first.
   */
  #testCursor(cursor: CursorWriter, item: ServerSentEvent | string): boolean {
    const report = typeof item === 'string' ? undefined : cursor.judge(item);
    this.#isCursorUntested = typeof item === 'string';
    if (report === undefined) {
      return false;
    }
    this.#tell(report);
    return true;
  }

  /** Whether it is to be dropped. */
  #isRepeat(cursor: CursorWriter, item: ServerSentEvent | string): boolean {
    const isRepeat = typeof item !== 'string' && cursor.isRepeat(item);
    if (isRepeat) {
      this.#record.dropped();
    }
    return isRepeat;
  }

  /** Handles an item, and moves the cursor past it once what comes of it has settled. */
  #handleAt(cursor: CursorWriter, item: ServerSentEvent | string): unknown {
    if (typeof item === 'string') {
      return this.#handleItem(item);
    }
    const staged = cursor.stage(item);
    let result: unknown;
    try {
      result = this.#handleItem(item);
    } catch (error) {
      staged?.rollback();
      throw error;
    }
    if (isThenable(result)) {
      staged?.rollback();
      return acknowledgedOnce(cursor, item, result);
    }
    if (staged === undefined) {
      return acknowledged(cursor, item, result);
    }
    staged.commit();
    return result;
  }

  /** `orThrown`, without a function an event. */
  #handleItem(item: ServerSentEvent | string): unknown {
    try {
      return typeof item === 'string'
        ? (this.#behaviour.handleComment as Callback)(item, this.#state, this.#self)
        : (this.#behaviour.handleEvent as Callback)(item, this.#state, this.#self);
    } catch (thrown) {
      return answerOf(thrown);
    }
  }

  async #awaitItems(packet: Packet, first: Promise<unknown>): Promise<SessionAnswer> {
    let pending = first;
    for (;;) {
      const item = packet.items[packet.at - 1] as ServerSentEvent | string;
      let result: unknown;
      // Not `pending.catch`: that is one more promise for every event.
      try {
        result = await pending;
      } catch (thrown) {
        result = answerOf(thrown);
      }
      const answer = this.#accept(result, packet, item);
      if (answer !== undefined) {
        return answer;
      }
      const next = this.#handleItems(packet);
      if (!isThenable(next)) {
        return next;
      }
      pending = next;
    }
  }

  /**
   * Takes what `handleEvent` returned: the next state, unless it is an answer. Returns what to tell
   * the server, if it is to be told now.
   */
  #accept(
    result: unknown,
    packet: Packet,
    item: ServerSentEvent | string,
  ): SessionAnswer | undefined {
    if (this.#isOver) {
      return this.#goOn;
    }
    if (typeof item !== 'string') {
      this.#record.handled(item.lastEventId);
    }
    if (isAnswer(result)) {
      const answer = this.#answer(result);
      if (answer !== this.#goOn) {
        this.#leave(packet);
        return answer;
      }
    } else {
      this.#state = result;
    }
    if (this.#self.messageQueueLen > 0 && packet.at < packet.items.length) {
      this.#queueRest(packet);
      return this.#goOn;
    }
    return undefined;
  }

  /**
   * The server is to be told something: what is left of the packet queues up, if there is anything.
   */
  #leave(packet: Packet): void {
    if (packet.at < packet.items.length) {
      this.#queueRest(packet);
    } else {
      this.#packetDone(packet);
    }
  }

  #queueRest(packet: Packet): void {
    this.#post(() => this.#packet(packet));
  }

  #packetDone(packet: Packet): SessionAnswer {
    if (this.#openGeneration === packet.generation) {
      const tooLarge = this.#packets?.tooLarge;
      if (tooLarge !== undefined) {
        this.#connection?.destroy();
        this.#post(() => this.#disconnected(packet.generation, tooLarge));
      } else {
        this.#connection?.resume();
      }
    }
    return this.#goOn;
  }
}

/** Moves the cursor past an event; what its handler answered is the same, perhaps later. */
function acknowledged(cursor: CursorWriter, event: ServerSentEvent, answered: unknown): unknown {
  const written = cursor.handled(event);
  return written === undefined ? answered : after(written, answered);
}

async function after(written: Promise<void>, answered: unknown): Promise<unknown> {
  await written;
  return answered;
}

/**
 * The same once its handler's promise settles; apart, since where a function is that remembers its
 * event, every event pays for that.
 */
function acknowledgedOnce(
  cursor: CursorWriter,
  event: ServerSentEvent,
  answered: Promise<unknown>,
): Promise<unknown> {
  const acknowledge = (value: unknown): unknown => acknowledged(cursor, event, value);
  return answered.then(acknowledge, (thrown) => acknowledge(answerOf(thrown)));
}

/**
 * By pid, for who asks from outside: a call would have to wait for a callback that takes its time.
 */
const sessions = new WeakMap<Pid, Session>();

/** What a callback returns; an answer that it throws counts as returned, as in any server. */
function orThrown(call: () => unknown): unknown {
  try {
    return call();
  } catch (thrown) {
    return answerOf(thrown);
  }
}

function answerOf(thrown: unknown): unknown {
  if (isAnswer(thrown)) {
    return thrown;
  }
  throw thrown;
}

function createPackets(
  request: SseRequest,
  comments: boolean,
): PacketState<ServerSentEvent | string> {
  // What a function gave is not known to be a request; the connection says what is wrong with it.
  const { lastEventId = '', maxEventSize }: Partial<SseRequest> = request ?? {};
  const options = maxEventSize === undefined ? { lastEventId } : { lastEventId, maxEventSize };
  return comments ? createPacketState({ ...options, comments }) : createPacketState(options);
}

function isThenable<Value>(value: Value | PromiseLike<Value>): value is Promise<Value> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/**
 * `isThenable`, for what handlers return and nothing else: one that sees many kinds of values is
 * slower for each.
 */
function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
