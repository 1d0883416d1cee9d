import { createParser } from 'eventsource-parser';
import { request } from 'undici';

import type { Follow } from '../follow.ts';

export const follow: Follow = async (url, handle) => {
  const parser = createParser({
    onEvent: ({ data }) => {
      handle(data);
    },
  });
  const { body } = await request(url);
  body.setEncoding('utf8').on('data', (text: string) => {
    parser.feed(text);
  });
};
