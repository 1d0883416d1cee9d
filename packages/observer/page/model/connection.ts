import { createParser } from 'eventsource-parser';

/** How the page stands to the server. */
export type Connection = 'connecting' | 'live' | 'lost' | 'ended' | 'denied';

export interface ConnectionHandlers {
  readonly event: (type: string, data: string) => void;
  readonly changed: (state: Connection) => void;
}

/** A stream without a byte for so long is lost, in ms: there is a look twice a second. */
const silence = 8000;
/** A page that is hidden for so long lets go of its stream: browsers have six for one host. */
const hiddenFor = 30_000;

/** Reads the stream of the server, and comes back to it. `EventSource` would send no header. */
export class LiveConnection {
  readonly #handlers: ConnectionHandlers;
  readonly #token: () => string;
  #attempt = 0;
  #lastEventId = '';
  #current: AbortController | undefined = undefined;
  #hiding = 0;

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
        this.close();
      }, hiddenFor);
    } else if (this.#current === undefined) {
      this.open();
    }
  }

  close(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.abort();
  }

  open(): void {
    this.close();
    const controller = new AbortController();
    this.#current = controller;
    this.#handlers.changed(this.#attempt === 0 ? 'connecting' : 'lost');
    void this.#read(controller).then((outcome) => {
      if (this.#current === controller) {
        this.#lost(outcome);
      }
    });
  }

  #lost(outcome: 'lost' | 'denied'): void {
    this.#handlers.changed(outcome);
    this.#current = undefined;
    if (outcome === 'lost') {
      const delay = Math.min(8000, 500 * 2 ** this.#attempt) * (0.5 + Math.random() / 2);
      this.#attempt += 1;
      setTimeout(() => {
        if (this.#current === undefined && !document.hidden) {
          this.open();
        }
      }, delay);
    }
  }

  async #read(controller: AbortController): Promise<'lost' | 'denied'> {
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
      if (response.status === 401 || response.status === 403 || response.status === 429) {
        return 'denied';
      }
      if (response.status !== 200 || response.body === null) {
        return 'lost';
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
