import { EventSource } from 'undici';

import { measure } from '../client.ts';

measure((url, handle) => {
  new EventSource(url).addEventListener('message', ({ data }) => {
    handle(data as string);
  });
});
