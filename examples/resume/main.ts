/**
 * `node --conditions=@reprise/source examples/resume/main.ts POSITION_FILE [URL]`, until Ctrl+C;
 * the next run continues at the same position. Without a URL it starts a feed that drops its
 * streams every few seconds.
 */
import { Application } from '@reprise/actor';

import { childSpec } from './changes.ts';
import { startFeed } from './feed.ts';
import { positionIn } from './position.ts';

const [file, givenUrl] = process.argv.slice(2);
if (file === undefined) {
  console.error('Expected a file for the position, got none');
  process.exit(2);
}

const url = givenUrl ?? (await playFeed());
const changes = childSpec({
  url,
  position: positionIn(file),
  handle: ({ wiki, title, user }) => {
    console.log(`${wiki}: ${user} changed ${title}`);
  },
  onStatus: (status) => {
    console.log('reason' in status ? `${status.type}: ${status.reason}` : status.type);
  },
});
Application.run({ strategy: 'oneForOne', children: [changes] });

async function playFeed(): Promise<string> {
  const feed = await startFeed();
  let number = 0;
  setInterval(() => {
    number += 1;
    feed.publish({ wiki: 'enwiki', title: `Page ${number}`, user: 'Ada' });
  }, 500).unref();
  setInterval(() => {
    feed.drop();
  }, 4000).unref();
  return feed.url;
}
