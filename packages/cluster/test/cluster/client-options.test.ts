import { expect, test } from '@jest/globals';
import { crash } from '@reprise/actor';
import { advance } from '@reprise/actor/testing';

import { Cluster } from '../../src/index.ts';
import { type NodeOptions, openStage, ttl } from '../support/stage.ts';

type Client = NonNullable<NodeOptions['client']>;

const url = 'http://localhost/';
/** As a program without types may give it. */
const client = (give: (key: string) => unknown): Client => {
  return ({ key }) => give(key) as ReturnType<Client>;
};

test.each<[what: string, client: Client, error: Error]>([
  [
    'a misspelt option',
    client(() => ({ url, idleTimout: 5 })),
    new TypeError(
      'Expected an option of SseClient.resilient, got `idleTimout`: did you mean `idleTimeout`?',
    ),
  ],
  [
    'a time that is none',
    client(() => ({ url, idleTimeout: -1 })),
    new RangeError('Expected idleTimeout to be above 0, got -1'),
  ],
  [
    'no URL',
    client(() => ({})),
    new TypeError('Expected an absolute http: or https: URL, got undefined'),
  ],
  [
    'a wrong URL of one stream',
    client((key) => ({ url: key === 'c' ? 'ftp://x/' : url })),
    new TypeError('Expected an absolute http: or https: URL, got "ftp://x/"'),
  ],
  [
    'an option of the cluster',
    client(() => ({ url, restart: 'permanent' })),
    new TypeError("Expected client to return no restart, which is the cluster's, got one"),
  ],
  [
    'a promise',
    client(async () => ({ url })),
    new TypeError(
      'Expected client to return the options of a client, such as { url }, got a promise: is an `await` missing?',
    ),
  ],
  [
    'an error of its own',
    client(() => {
      throw new Error('no such room');
    }),
    new Error('no such room'),
  ],
])('a cluster whose client gives %s does not start', async (_, given, error) => {
  await using stage = await openStage();
  const store: typeof stage.store = {
    ...stage.store,
    open: () => Promise.reject(new Error('it is looked at first')),
  };
  await expect(stage.start('one', { store, client: given })).rejects.toThrow(error);
});

test('a cluster starts if the options of one stream of a list that changes work: another one is parked with its error', async () => {
  await using stage = await openStage();
  const one = await stage.start('one', {
    streams: () => ['wrong', 'a'],
    client: client((key) => ({ url: key === 'a' ? `${stage.source.url}a` : 'ftp://x/' })),
  });
  await advance(stage.system, 2 * ttl);
  expect(await stage.produce('a')).toMatchObject([{ key: 'a' }]);
  expect(Cluster.status(one).streams.parked).toMatchObject([
    { key: 'wrong', reason: 'Expected an absolute http: or https: URL, got "ftp://x/"' },
  ]);
});

test('a cluster whose client gives wrong options for each stream of a list that changes does not start', async () => {
  await using stage = await openStage();
  const started = stage.start('one', {
    streams: () => ['a', 'b'],
    client: client((key) => ({ url: `ftp://${key}/` })),
  });
  const reason = {
    type: 'failedToStartChild',
    reason: crash(new TypeError('Expected an absolute http: or https: URL, got "ftp://a/"')),
  };
  await Promise.all([
    expect(started).rejects.toMatchObject({ reason: { type: 'shutdown', detail: reason } }),
    advance(stage.system, ttl),
  ]);
});
