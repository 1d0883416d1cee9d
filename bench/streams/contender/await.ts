import { get, type IncomingMessage } from 'node:http';

import { createParser } from 'eventsource-parser';

import type { Follow } from '../follow.ts';

/** The floor for handlers that return promises: a loop that awaits each. */
export const follow: Follow = (url, handle) => {
  get(url, (response) => {
    void read(response, async (data) => {
      handle(data);
    });
  });
};

async function read(
  response: IncomingMessage,
  handle: (data: string) => Promise<void>,
): Promise<void> {
  let events: string[] = [];
  const parser = createParser({
    onEvent: ({ data }) => {
      events.push(data);
    },
  });
  for await (const text of response.setEncoding('utf8')) {
    parser.feed(text as string);
    for (const data of events) {
      await handle(data);
    }
    events = [];
  }
}
