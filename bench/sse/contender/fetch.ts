import { createParser } from 'eventsource-parser';
import { request } from 'undici';

import { measure } from '../client.ts';

measure(async (url, handle) => {
  const parser = createParser({
    onEvent: ({ data }) => {
      handle(data);
    },
  });
  const { body } = await request(url);
  body.setEncoding('utf8').on('data', (text: string) => {
    parser.feed(text);
  });
});
