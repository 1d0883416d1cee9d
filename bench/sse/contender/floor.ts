import { get } from 'node:http';

import { createParser } from 'eventsource-parser';

import { measure } from '../client.ts';

measure((url, handle) => {
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
});
