import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

import { createParser, type EventSourceMessage } from 'eventsource-parser';

import { bearer } from './observed.ts';

/** A page as far as its stream goes. */
export class StreamReader {
  readonly response: IncomingMessage;
  readonly events: EventSourceMessage[] = [];
  readonly #waits: Set<() => void> = new Set();

  constructor(response: IncomingMessage) {
    this.response = response;
    const parser = createParser({
      onEvent: (event) => {
        this.events.push(event);
        for (const wait of this.#waits) {
          wait();
        }
      },
    });
    response.setEncoding('utf8').on('data', (text: string) => {
      parser.feed(text);
    });
    response.on('error', () => {});
  }

  /** The first event of this type from the event number `from` on. */
  async next(type: string, from = 0): Promise<EventSourceMessage> {
    for (;;) {
      const found = this.events.slice(from).find(({ event }) => event === type);
      if (found !== undefined) {
        return found;
      }
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const wait = (): void => {
        resolve(undefined);
      };
      this.#waits.add(wait);
      await promise;
      this.#waits.delete(wait);
    }
  }

  close(): void {
    this.response.destroy();
  }
}

export async function openStream(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<StreamReader> {
  const request = get(`${url}api/live`, { agent: false, headers: { ...bearer, ...headers } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return new StreamReader(response);
}
