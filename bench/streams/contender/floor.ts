import { get } from 'node:http';

import { createParser } from 'eventsource-parser';

import type { Follow } from '../follow.ts';

export const follow: Follow = (url, handle) => {
  const parser = createParser({
    onEvent: ({ data }) => {
      handle(data);
    },
  });
  get(url, (response) => {
    response.setEncoding('utf8').on('data', (text: string) => {
      parser.feed(text);
    });
  });
};
