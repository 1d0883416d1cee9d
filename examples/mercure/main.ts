/**
 * `node --conditions=@reprise/source examples/mercure/main.ts [URL]`, until Ctrl+C. Without a URL
 * it starts a hub that forgets its history every few seconds.
 */
import { Application } from '@reprise/actor';

import { childSpec } from './books.ts';
import { type Book, startHub } from './hub.ts';

const [givenUrl] = process.argv.slice(2);
const shown = ({ title, copies }: Book): string => `${title}: ${copies}`;

const books = childSpec({
  url: givenUrl ?? (await playHub()),
  loaded: (list) => {
    console.log(`loaded ${list.map(shown).join(', ')}`);
  },
  updated: (book) => {
    console.log(shown(book));
  },
  onStatus: (status) => {
    console.log(
      status.type === 'gap' ? `asked ${status.asked}, begins ${status.begins}` : status.type,
    );
  },
});
Application.run({ strategy: 'oneForOne', children: [books] });

async function playHub(): Promise<string> {
  const hub = await startHub();
  let copies = 0;
  setInterval(() => {
    copies += 1;
    hub.update({ title: 'Dune', copies });
  }, 500).unref();
  setInterval(() => {
    hub.endStreams();
    hub.forget();
  }, 4000).unref();
  return hub.url;
}
