import { createParser } from 'eventsource-parser';

/** Why there is no connection. */
type Outcome =
  | 'lost'
  /** Without the right token. */
  | 'denied'
  /** By the gate of the program. */
  | 'forbidden'
  /** After too many wrong tokens, for a minute. */
  | 'barred'
  /** While as many others look as may. */
  | 'full';

/** How the page stands to the server. */
export type Connection = 'connecting' | 'live' | Outcome;

const outcomes: Readonly<Record<number, Outcome>> = {
  401: 'denied',
  403: 'forbidden',
  429: 'barred',
  503: 'full',
};

export interface ConnectionHandlers {
  readonly event: (type: string, data: string) => void;
  readonly changed: (state: Connection) => void;
}

/** A stream without a byte for so long is lost, in ms: there is a look twice a second. */
const silence = 8000;
/** A page that is hidden for so long lets go of its stream: browsers have six for one host. */
const hiddenFor = 30_000;
const minute = 60_000;

/** Reads the stream of the server, and comes back to it. `EventSource` would send no header. */
export class LiveConnection {
  readonly #handlers: ConnectionHandlers;
  readonly #token: () => string;
  #attempt = 0;
  #lastEventId = '';
  #current: AbortController | undefined = undefined;
  #hiding = 0;
  #retry = 0;
  /** Whether somebody wants to look: the page is not paused, and was let in. */
  #isOpen = false;

  constructor(handlers: ConnectionHandlers, token: () => string) {
    this.#handlers = handlers;
    this.#token = token;
    document.addEventListener('visibilitychange', () => {
      this.#visibilityChanged();
    });
  }

  #visibilityChanged(): void {
    clearTimeout(this.#hiding);
    if (document.hidden) {
      this.#hiding = window.setTimeout(() => {
        this.#letGo();
      }, hiddenFor);
    } else if (this.#current === undefined) {
      this.#connect();
    }
  }

  /** Until `open` is called, it makes no connection, not even when the page is shown again. */
  close(): void {
    this.#isOpen = false;
    this.#letGo();
  }

  open(): void {
    this.#isOpen = true;
    this.#letGo();
    this.#connect();
  }

  #letGo(): void {
    clearTimeout(this.#retry);
    const current = this.#current;
    this.#current = undefined;
    current?.abort();
  }

  /** A page that is hidden does so when it is shown. */
  #connect(): void {
    clearTimeout(this.#retry);
    if (!this.#isOpen || document.hidden) {
      return;
    }
    const controller = new AbortController();
    this.#current = controller;
    if (this.#attempt === 0) {
      this.#handlers.changed('connecting');
    }
    void this.#read(controller).then((outcome) => {
      if (this.#current === controller) {
        this.#lost(outcome);
      }
    });
  }

  #lost(outcome: Outcome): void {
    this.#handlers.changed(outcome);
    this.#current = undefined;
    if (outcome === 'denied' || outcome === 'forbidden') {
      this.#isOpen = false;
      return;
    }
    const pause = outcome === 'barred' ? minute : Math.min(8000, 500 * 2 ** this.#attempt);
    this.#attempt += 1;
    this.#retry = window.setTimeout(
      () => {
        this.#connect();
      },
      pause * (0.5 + Math.random() / 2),
    );
  }

  async #read(controller: AbortController): Promise<Outcome> {
    let timer = 0;
    const heard = (): void => {
      clearTimeout(timer);
      timer = window.setTimeout(() => {
        controller.abort();
      }, silence);
    };
    heard();
    try {
      const response = await fetch('api/live', {
        headers: {
          authorization: `Bearer ${this.#token()}`,
          ...(this.#lastEventId === '' ? {} : { 'last-event-id': this.#lastEventId }),
        },
        signal: controller.signal,
      });
      if (response.status !== 200 || response.body === null) {
        return outcomes[response.status] ?? 'lost';
      }
      await this.#events(response.body, heard);
    } catch {
      // The connection is lost, or was let go.
    } finally {
      clearTimeout(timer);
    }
    return 'lost';
  }

  async #events(body: ReadableStream<Uint8Array>, heard: () => void): Promise<void> {
    const parser = createParser({
      onEvent: ({ event = 'message', data, id }) => {
        this.#lastEventId = id ?? this.#lastEventId;
        this.#handlers.event(event, data);
      },
    });
    const reader = body.pipeThrough(new TextDecoderStream() as never).getReader();
    this.#attempt = 0;
    this.#handlers.changed('live');
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      heard();
      parser.feed(value as unknown as string);
    }
  }
}
