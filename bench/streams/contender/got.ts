import { createParser } from 'eventsource-parser';
import got from 'got';

import type { Follow } from '../follow.ts';

export const follow: Follow = (url, handle) => {
  const parser = createParser({
    onEvent: ({ data }) => {
      handle(data);
    },
  });
  got
    .stream(url)
    .setEncoding('utf8')
    .on('data', (text: string) => {
      parser.feed(text);
    });
};
