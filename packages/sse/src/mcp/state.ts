import type { Process } from '@reprise/actor';

import { budgetOf } from '../budget/client-budgets.ts';
import type { HandleContext, RequestContext } from '../client/context.ts';
import type { HeadersLike } from '../http/request.ts';
import { resolve } from '../resilient/options.ts';
import { Pace } from '../resilient/pace.ts';
import type { Listener, RereadReason } from './options.ts';
import type { Known } from './reaction.ts';
import { legacy, modern } from './revision.ts';
import type { Channel, LegacySession } from './session.ts';

/** The state of a listener, changed in place. Fields that can hold a secret are private. */
export class ListenerState implements Known {
  readonly #listener: Listener;
  readonly pace: Pace;
  readonly context: HandleContext;
  /** The headers of the last attempt. */
  #headers: HeadersLike = {};
  session: LegacySession | undefined = undefined;
  /** The session that the server is being asked for. */
  opening: Promise<LegacySession> | undefined = undefined;
  isLegacy: boolean;
  #hasListened = false;
  /** Whether the open stream brings notifications. */
  isListening = false;
  /** Why notifications may be missing, until `reread` has been called. */
  missing: RereadReason | undefined = 'started';
  /** The last id of the stream of the session. */
  lastEventId = '';
  /** The id of the last request. */
  #id = 0;
  listenId = 0;
  /** Whether the stream has brought a notification. */
  hasNotified = false;
  /** Whether new headers were requested because the server refused the last ones. */
  isRefreshed = false;

  constructor(listener: Listener, self: Process) {
    this.#listener = listener;
    this.pace = new Pace(listener, self);
    this.context = { self, signal: self.signal };
    this.isLegacy = legacy.includes(listener.protocolVersion ?? modern);
  }

  get listener(): Listener {
    return this.#listener;
  }

  get isProven(): boolean {
    return this.session?.hasListened ?? this.#hasListened;
  }

  get hasSession(): boolean {
    return this.session?.hasId ?? false;
  }

  get protocolVersion(): string {
    return this.session?.version ?? modern;
  }

  readonly nextId = (): number => (this.#id += 1);

  async takeHeaders(context: RequestContext): Promise<HeadersLike> {
    this.#headers = await resolve(this.#listener.headers ?? {}, context);
    return this.#headers;
  }

  channel(signal: AbortSignal): Channel {
    const { self } = this.context;
    return {
      listener: this.#listener,
      headers: this.#headers,
      nextId: this.nextId,
      clock: self.system.clock,
      budget: budgetOf(self),
      signal,
    };
  }

  /** A stream begins; a modern server has not acknowledged it yet. */
  connects(): void {
    this.pace.connected();
    this.hasNotified = this.isListening = this.isRefreshed = false;
  }

  /** The stream brings notifications from now on. Returns why some may be missing. */
  listens(): RereadReason | undefined {
    this.isListening = this.#hasListened = true;
    if (this.session !== undefined) {
      this.session.hasListened = true;
    }
    const reason = this.missing;
    this.missing = undefined;
    return reason;
  }

  /** The stream ended, at this id. */
  stops(lastEventId: string): void {
    this.lastEventId = this.isLegacy ? lastEventId : '';
    if (this.lastEventId === '') {
      this.missing ??= 'relistened';
    }
  }

  loseSession(): void {
    this.session = undefined;
    this.lastEventId = '';
    if (this.missing !== 'started') {
      this.missing = 'newSession';
    }
  }
}
