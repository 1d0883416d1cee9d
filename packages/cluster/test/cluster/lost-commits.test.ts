import { expect, test } from '@jest/globals';
import { advance, settle } from '@reprise/actor/testing';

import type { OwnedCursor, Store, View } from '../../src/index.ts';
import { intercepted } from '../support/intercepted.ts';
import { openStage, type Stage } from '../support/stage.ts';

/** A server in front of the store. Its standby takes over without the last commits. */
class Server {
  readonly store: Store<undefined, 'async'>;
  /** Answers to `compare`. */
  readonly found: (readonly string[])[] = [];
  #instance = 'first';
  #lost: readonly OwnedCursor[] = [];
  #failures = 0;

  constructor(stage: Stage) {
    const opened = stage.store.open({
      ttl: 1000,
      clock: stage.system.clock,
      onError: () => undefined,
      onWarning: () => undefined,
    });
    this.store = intercepted(stage.store, async (name, args, run) => {
      await (await opened).save(String(args[0]), this.#lost);
      if (name === 'compare' && this.#failures > 0) {
        this.#failures -= 1;
        throw new Error('the server starts up');
      }
      const answer = await run();
      if (name === 'compare') {
        this.found.push(answer as readonly string[]);
      }
      return name === 'observe' ? { ...(answer as View), instance: this.#instance } : answer;
    });
  }

  /** `lost`: the cursors as the other instance has them. */
  failOver(lost: readonly OwnedCursor[] = [], failures = 0): void {
    this.#instance += '+';
    this.#lost = lost;
    this.#failures = failures;
  }
}

async function startOn(server: Server, stage: Stage): Promise<void> {
  await stage.start('one', { store: server.store, transact: stage.sink('one') });
  await advance(stage.system, 500);
}

const warnings = ({ system }: Stage): readonly string[] =>
  system.reports.filter(({ level }) => level === 'warn').map(({ message }) => message);

test('PGC-15 a quiet stream whose last commit was lost gets its event again', async () => {
  await using stage = await openStage();
  const server = new Server(stage);
  await startOn(server, stage);
  await stage.produce('a', 'b', 'c');
  const [a] = await stage.produce('a');
  server.failOver([{ key: 'a', epoch: a?.epoch ?? 0, cursor: '"1"' }]);
  await advance(stage.system, 1000);
  expect(await stage.handled.next()).toMatchObject({ key: 'a', id: '2' });
  await settle(stage.system);
  expect(server.found).toEqual([['a']]);
  expect(warnings(stage)).toEqual([
    'cluster: node one starts a stream anew: the store has lost commits that it had acknowledged',
  ]);
});

test('no stream starts anew if the other instance has all commits', async () => {
  await using stage = await openStage();
  const server = new Server(stage);
  await startOn(server, stage);
  const before = await stage.produce('a', 'b');
  server.failOver();
  await advance(stage.system, 3000);
  expect(server.found).toEqual([[]]);
  const after = await stage.produce('a', 'b');
  expect(after.map(({ epoch }) => epoch)).toEqual(before.map(({ epoch }) => epoch));
});

test('nothing is compared while one instance answers', async () => {
  await using stage = await openStage();
  const server = new Server(stage);
  await startOn(server, stage);
  await stage.produce('a', 'b');
  await advance(stage.system, 3000);
  expect(server.found).toEqual([]);
});

test('a server that does not answer yet is asked again', async () => {
  await using stage = await openStage();
  const server = new Server(stage);
  await startOn(server, stage);
  await stage.produce('a');
  const [a] = await stage.produce('a');
  server.failOver([{ key: 'a', epoch: a?.epoch ?? 0, cursor: '"1"' }], 2);
  await advance(stage.system, 3000);
  expect(await stage.handled.next()).toMatchObject({ key: 'a', id: '2' });
});

test('a stream with a transaction under way is compared after it', async () => {
  await using stage = await openStage();
  const server = new Server(stage);
  const held = Promise.withResolvers<undefined>();
  const sink = stage.sink('one');
  await stage.start('one', {
    store: server.store,
    streams: ['a'],
    transact: (event, owned) => {
      sink(event, owned);
      return held.promise;
    },
  });
  await advance(stage.system, 500);
  await stage.produce('a');
  server.failOver();
  await advance(stage.system, 2000);
  expect(server.found).toEqual([]);
  held.resolve(undefined);
  await advance(stage.system, 2000);
  expect(server.found).toEqual([[]]);
});
