import {
  type Clock,
  GenServer,
  loggerOf,
  noreply,
  type NoReply,
  ok,
  type Ok,
  type Process,
  sendAfter,
} from '@reprise/actor';

import type { MemberPid } from '../member/behaviour.ts';
import type { Listed, Listing } from '../options/listing.ts';
import type { Settings } from '../options/settings.ts';
import { textOf } from '../shown.ts';
import type { OpenStore } from '../store.ts';
import { assertClient } from '../stream/client.ts';
import { type Source, sourceOf } from './source.ts';

export interface ListerParts {
  readonly settings: Settings;
  readonly store: OpenStore<unknown>;
  readonly member: MemberPid;
  /** The last list: it outlives a lister that is started again. */
  readonly kept: Kept;
}

export interface Kept {
  listing?: Listing;
}

/** Between the first question and the second, if that fails, in ms. */
const pause = 1000;

/**
 * The server that tells the member which streams it may own, again and again. It starts last: with
 * the first list the node begins to claim streams.
 */
export const listerBehaviour: GenServer.Behaviour<
  ListerParts,
  Lister,
  undefined,
  undefined,
  'ask',
  never,
  Ok<Lister>
> = GenServer.define({
  init: async (parts: ListerParts, self: Process) => {
    const lister = new Lister(parts, self as Process<'ask'>);
    await lister.begin();
    return ok(lister);
  },
  handleInfo: async (_: 'ask', lister): Promise<NoReply<Lister>> => {
    await lister.again();
    return noreply(lister);
  },
  formatStatus: ({ shown }) => shown,
});

class Lister {
  readonly #parts: ListerParts;
  readonly #self: Process<'ask'>;
  readonly #source: Source;
  /** The last failure, unless an answer came after it. */
  #failure = '';

  constructor(parts: ListerParts, self: Process<'ask'>) {
    const { clock } = self.system;
    this.#parts = parts;
    this.#self = self;
    this.#source = sourceOf(parts, { clock, signal: self.signal });
  }

  get shown(): object {
    return { listed: this.#parts.kept.listing?.listed.size, failure: this.#failure };
  }

  /**
   * The first list.
   * @throws TypeError if the function gives none at the second attempt either; the error of the
   * client of a stream if that of none can work
   */
  async begin(): Promise<void> {
    const { kept, settings } = this.#parts;
    if (kept.listing === undefined) {
      const first = await this.#source.ask().catch((error: unknown) => this.#askOnceMore(error));
      if (settings.streams.type !== 'fixed') {
        assertSomeClient(first?.listed, settings.client);
      }
      this.#take(first);
      this.#plan();
    } else {
      this.#tell(kept.listing);
      await this.again();
    }
  }

  /** Whatever happens, the list of before stays until there is another one. */
  async again(): Promise<void> {
    try {
      this.#take(await this.#source.ask());
    } catch (error) {
      this.#failed(error);
    }
    this.#plan();
  }

  /** `undefined`: there was no change. */
  #take(found: Listing | undefined): void {
    const listing = found ?? this.#parts.kept.listing;
    const isNews = listing !== this.#parts.kept.listing || this.#failure !== '';
    this.#failure = '';
    if (isNews && listing !== undefined) {
      this.#parts.kept.listing = listing;
      this.#tell(listing);
    }
  }

  async #askOnceMore(error: unknown): Promise<Listing | undefined> {
    this.#failed(error);
    await wait(this.#self.system.clock, pause);
    return this.#source.ask();
  }

  #tell(listing: Listing): void {
    GenServer.cast(this.#parts.member, 'list', listing);
  }

  /** A failure that lasts is told once. */
  #failed(error: unknown): void {
    const text = textOf(error);
    GenServer.cast(this.#parts.member, 'listFailed', text);
    if (text !== this.#failure) {
      this.#failure = text;
      const { node } = this.#parts.settings;
      loggerOf(this.#self).warn(
        { node, err: error },
        `cluster: node ${node} keeps its list of streams: ${text}`,
      );
    }
  }

  #plan(): void {
    const { every } = this.#source;
    if (every < Infinity) {
      sendAfter(this.#self.pid, 'ask', every);
    }
  }
}

/**
 * A wrong option is wrong for each stream; wrong data is that of one, whose neighbours run. Of a
 * fixed list all streams have been checked before.
 * @throws the error of the first stream
 */
function assertSomeClient(listed: Listed = new Map(), client: Settings['client']): void {
  let first: { readonly error: unknown } | undefined;
  for (const stream of listed) {
    try {
      assertClient(stream, client);
      return;
    } catch (error) {
      first ??= { error };
    }
  }
  if (first !== undefined) {
    throw first.error;
  }
}

function wait(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, ms);
  });
}
