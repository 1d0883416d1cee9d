import { expect, test } from '@jest/globals';
import { createSystem, Supervisor } from '@reprise/actor';
import { watch } from '@reprise/actor/inspect';
import { SseClient } from '@reprise/sse';

import { observer } from '../../src/index.ts';
import { ask } from '../support/asking.ts';
import { bearer, token } from '../support/observed.ts';
import { Origin } from '../support/origin.ts';
import { openStream } from '../support/stream-reader.ts';

test('SEC-16 the data of events is in no answer, not even of a handler that holds or fails at one', async () => {
  const origin = await Origin.open();
  const system = createSystem({ logger: { error: () => {}, warn: () => {} } });
  const { promise: announced, resolve: announce } = Promise.withResolvers<string>();
  const { promise: held, resolve: hold } = Promise.withResolvers<undefined>();
  const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
  const stream = (id: string, handle: () => Promise<void>) =>
    SseClient.resilient({ id, url: origin.url, restart: 'temporary', handle });
  const top = await Supervisor.startLink(system, {
    strategy: 'oneForOne',
    name: 'app',
    children: [
      stream('holds', () => {
        hold(undefined);
        return new Promise(() => {});
      }),
      observer({ port: 0, token, announce }),
    ],
  });
  const url = await announced;
  const events = 'id: 7\nevent: order\ndata: {"name":"only-in-the-data"}\n\n'.repeat(3);
  await origin.stream(events);
  await held;
  const failing = stream('fails', () => Promise.reject(new Error('cannot be handled')));
  const pid = await Supervisor.startChild(top, failing);
  watch(system, { ended: (other) => other === pid && end(undefined) });
  await origin.stream(events);
  await ended;
  const reader = await openStream(url);
  await reader.next('streams');
  const { body: tree } = await ask(`${url}api/tree`, { headers: bearer });
  const { rows } = JSON.parse(tree) as { readonly rows: readonly { readonly pid?: number }[] };
  const paths = [
    'tree',
    'overview',
    'streams',
    'crashes',
    `at?time=${system.clock.now()}`,
    ...rows.flatMap(({ pid }) => (pid === undefined ? [] : [`process/${pid}`])),
  ];
  const answers = await Promise.all(
    paths.map(async (path) => [path, (await ask(`${url}api/${path}`, { headers: bearer })).body]),
  );
  expect(answers.find(([path]) => path === 'crashes')?.[1]).toContain('cannot be handled');
  const told = [...answers, ...reader.events.map(({ event, data }) => [event, data])];
  expect(told.filter(([, text = '']) => text.includes('only-in-the-data'))).toEqual([]);
  reader.close();
  await origin.close();
  await system.stop({ timeout: 500 });
});
