import { randomUUID } from 'node:crypto';
import process from 'node:process';

import {
  cancelTimer,
  type DynamicSupervisor,
  GenServer,
  type Process,
  send,
  sendAfter,
  type TimerRef,
} from '@reprise/actor';

import type { NodeAction, NodeEvent, Now, Request } from '../core/messages.ts';
import { NodeCore } from '../core/node-core.ts';
import { timesOf } from '../core/times.ts';
import { hostOfProcess } from '../host.ts';
import { timeLimitOf } from '../limits.ts';
import type { Listing } from '../options/listing.ts';
import type { Settings } from '../options/settings.ts';
import type { OpenStore } from '../store.ts';
import { startClient } from '../stream/client.ts';
import type { Host, OwnedStream } from '../stream/owned-stream.ts';
import { within } from '../within.ts';
import { busyOf } from './busy.ts';
import { CurrentList } from './current-list.ts';
import { leave } from './end-of-life.ts';
import { type Joined, Joining } from './joining.ts';
import { LostCommits } from './lost-commits.ts';
import type { MemberMessage } from './messages.ts';
import { MissingTables } from './missing-tables.ts';
import { Notices } from './notices.ts';
import { OwnedStreams } from './owned-streams.ts';
import { ask } from './requests.ts';
import { RoundTrips } from './round-trips.ts';
import { Saves } from './saves.ts';
import type { StartError } from './start-error.ts';

/** Between two requests that save cursors, in ms. */
const saveEvery = 250;

/** What a member works with. */
export interface MemberParts {
  readonly settings: Settings;
  readonly store: OpenStore<unknown>;
  /** The supervisor of the clients, which starts after the member. */
  readonly clients: () => DynamicSupervisor.Pid;
  /** The node ends with this error, and another start of it would, too. */
  readonly onMissingTables: (error: StartError) => void;
}

/**
 * A node of the cluster: carries out the decisions of its core. Each event of it is a message, and
 * goes to the core, which looks at the deadline of the lease before anything else.
 */
export class Member {
  readonly core: NodeCore;
  readonly notices: Notices;
  readonly streams: OwnedStreams;
  readonly list: CurrentList = new CurrentList();
  readonly roundTrips: RoundTrips = new RoundTrips();
  /** How many streams were free at the last look. */
  free = 0;
  readonly #parts: MemberParts;
  readonly #self: Process<MemberMessage>;
  readonly #saves: Saves;
  readonly #lostCommits: LostCommits;
  readonly #joining: Joining;
  readonly #missingTables: MissingTables;
  readonly #drains: GenServer.From<'left'>[] = [];
  #ending: StartError | undefined = undefined;
  #wake: TimerRef | undefined = undefined;

  constructor(parts: MemberParts, self: Process<MemberMessage>) {
    const { ttl } = parts.settings;
    this.#parts = parts;
    this.#self = self;
    this.notices = new Notices(self, parts.settings);
    this.core = coreOf(self, parts.settings, (key) => this.streams.firstHandledAt(key));
    this.#joining = new Joining(ttl);
    this.#missingTables = new MissingTables(ttl);
    this.#saves = new Saves({
      save: (rows) => this.#within('save', parts.store.save(this.core.id, rows)),
      plan: (when) => {
        this.#planSave(when);
      },
      failed: (error) => {
        this.#failed('save', error);
      },
    });
    this.streams = new OwnedStreams({
      self,
      host: this.#host,
      listed: () => this.list.listed,
      start: (stream) =>
        startClient(parts.clients(), stream, parts.settings, {
          id: this.core.id,
          store: parts.store,
        }),
      tell: (event) => {
        this.#step(event);
      },
    });
    this.#lostCommits = lostCommitsOf(this, self);
    this.#step({ type: 'tick' });
  }

  get settings(): Settings {
    return this.#parts.settings;
  }

  get store(): OpenStore<unknown> {
    return this.#parts.store;
  }

  get now(): Now {
    const { clock } = this.#self.system;
    const now = clock.now();
    return { now, date: clock.date?.() ?? now };
  }

  /** As reports show it. */
  get shown(): object {
    const { id, phase, owned } = this.core;
    const { lastFailure } = this.notices;
    return { node: this.#parts.settings.node, id, phase, owned, lastFailure };
  }

  // The tree around the node

  /** Answers once the node has joined, or is refused. */
  whenJoined(from: GenServer.From<Joined>): void {
    this.#joining.wait(from);
  }

  /**
   * The streams that the node may own from now on. The first list comes once all is up: then the
   * node begins to claim streams.
   */
  listed(listing: Listing): void {
    this.#step(this.list.take(listing));
  }

  listFailed(text: string): void {
    this.list.failed(text, this.now.date);
  }

  /** Answers once the node has released its streams, in order, and has left. */
  drain(from: GenServer.From<'left'>): void {
    this.#drains.push(from);
    this.#step({ type: 'drain' });
    this.#answer();
  }

  /**
   * The node ends, whether it has left or not: no stream runs any more when the others may take
   * them, and they need not wait for the end of the lease.
   */
  async end(): Promise<void> {
    const { id, phase } = this.core;
    this.streams.fence();
    if (phase !== 'left' && phase !== 'fenced') {
      await this.#saves.flush();
      await this.#within('leave', leave(this.store, id, this.#self)).catch((error: unknown) => {
        this.#failed('leave', error);
      });
    }
  }

  // Messages

  /** Takes a message. Returns the error that ends the node, if there is one. */
  take(message: MemberMessage): StartError | undefined {
    switch (message.type) {
      case 'event':
        this.#step(message.event);
        break;
      case 'save':
        void this.#saves.flush();
        break;
      case 'started':
        this.streams.started(message.stream, message.pid);
        break;
      case 'notStarted':
        this.streams.notStarted(message.stream, message.error);
        break;
      case 'unlisted':
        this.streams.unlisted(message.stream);
        break;
      case 'refused':
        this.#refused(message.stream);
        break;
      case 'ended':
        this.streams.ended(message.stream, message.reason);
        // The next claim reads the cursor anew: the events that this client has handled are in it.
        void this.#saves.flush();
        break;
      default:
    }
    return this.#ending;
  }

  // The core

  #step(event: NodeEvent): void {
    for (const action of this.core.step(event, this.now)) {
      this.#act(action);
    }
    this.#look(event);
    this.#answer();
  }

  #act(action: NodeAction): void {
    switch (action.type) {
      case 'ask':
        void this.#ask(action.request);
        break;
      case 'start':
        this.streams.start(action.claim);
        break;
      case 'stop':
        this.streams.stop(action.stream, action.how);
        break;
      case 'fence':
        this.streams.fence();
        this.#saves.clear();
        this.notices.warn(`stops all its streams: ${action.reason}`);
        break;
      case 'wake':
        this.#wakeAt(action.at);
        break;
      case 'warn':
        this.notices.warn(action.text);
        break;
      case 'late':
        this.notices.late(action.ms);
        break;
      case 'refuse':
        this.#ending = this.#joining.refuse(action.holder);
        break;
      case 'left':
        break;
      default:
        action satisfies never;
    }
  }

  async #ask(request: Request): Promise<void> {
    const sentAt = this.now;
    const { clock } = this.#self.system;
    const { store, settings } = this.#parts;
    const event = await ask(store, request, sentAt, { clock, ttl: settings.ttl });
    if (event.type === 'failed') {
      this.#failed(event.request, event.error);
    } else if (event.type === 'renewed') {
      this.roundTrips.add(this.now.now - sentAt.now);
    }
    this.#send({ type: 'event', event });
  }

  #within<Answer>(request: 'save' | 'leave', answer: Promise<Answer>): Promise<Answer> {
    const { clock } = this.#self.system;
    const timeout = timeLimitOf(request, this.settings.ttl);
    return within(answer, { clock, timeout, of: 'the store' });
  }

  #wakeAt(at: number): void {
    if (this.#wake !== undefined) {
      cancelTimer(this.#wake);
    }
    const tick = { type: 'event', event: { type: 'tick' } } as const;
    // Without an end there is nothing to wait for but an answer.
    this.#wake = at < Infinity ? sendAfter(this.#self.pid, tick, at, { abs: true }) : undefined;
  }

  /** What an answer shows of the other nodes and of the streams. */
  #look(event: NodeEvent): void {
    const { now } = this.now;
    if (event.type === 'viewed') {
      this.free = event.view.free.length;
      this.streams.look(event.view, now);
      this.#lostCommits.look(event.view);
    }
    if (this.core.phase === 'member') {
      this.#joining.look(event, now);
    }
    const error = this.#missingTables.look(event, now);
    if (error !== undefined) {
      this.#parts.onMissingTables(error);
      this.#ending = this.#joining.fail(error);
    }
  }

  /** Answers those who wait for the end of a drain. */
  #answer(): void {
    if (this.core.phase === 'left') {
      for (const from of this.#drains.splice(0)) {
        GenServer.reply(from, 'left');
      }
    }
  }

  // Streams

  get #host(): Host {
    return {
      clock: this.#self.system.clock,
      random: this.#self.system.random,
      heldThread: this.notices.heldThread,
      isGood: () => this.#isGood(),
      moved: (stream) => this.#saves.moved(stream),
      refused: (stream) => {
        this.#send({ type: 'refused', stream });
      },
      failed: (error) => {
        this.#failed('transact', error);
      },
      ended: (stream, reason) => {
        this.#send({ type: 'ended', stream, reason });
      },
    };
  }

  /** Whether a handler may begin. The core has to know if not: it stops all streams. */
  #isGood(): boolean {
    const isGood = this.core.lease.isGood(this.now);
    if (!isGood) {
      this.#send({ type: 'event', event: { type: 'tick' } });
    }
    return isGood;
  }

  #refused(stream: OwnedStream): void {
    if (this.streams.forget(stream)) {
      const { key, epoch } = stream;
      this.#step({ type: 'refused', stream: { key, epoch } });
    }
  }

  #planSave(when: 'soon' | 'now'): void {
    if (when === 'now') {
      this.#send({ type: 'save' });
    } else {
      sendAfter(this.#self.pid, { type: 'save' }, saveEvery);
    }
  }

  // Reports

  #failed(request: string, error: unknown): void {
    this.notices.failed(request, error, this.now.date);
  }

  #send(message: MemberMessage): void {
    send(this.#self.pid, message);
  }
}

function coreOf(
  self: Process<MemberMessage>,
  { ttl, node: name, weight, maxStrikes }: Settings,
  firstHandledAt: (key: string) => number | undefined,
): NodeCore {
  return new NodeCore({
    times: timesOf(ttl),
    random: self.system.random,
    newId: randomUUID,
    name,
    weight,
    host: hostOfProcess(),
    pid: process.pid,
    maxStrikes,
    firstHandledAt,
    busy: busyOf(self, ttl),
  });
}

function lostCommitsOf(member: Member, { system: { clock } }: Process): LostCommits {
  const { streams, store, settings, notices } = member;
  const timeout = timeLimitOf('compare', settings.ttl);
  return new LostCommits({
    streams,
    compare: (cursors) =>
      within(store.compare(member.core.id, cursors), { clock, timeout, of: 'the store' }),
    found: (count) => {
      notices.lostCommits(count);
    },
    failed: (error) => {
      notices.failed('compare', error, member.now.date);
    },
  });
}
