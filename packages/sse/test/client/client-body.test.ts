import { describe, expect, test } from '@jest/globals';
import { normal } from '@reprise/actor';

import { connect, SseClient, stop } from '../../src/index.ts';
import { defaults, follower, observe, once } from '../support/observed.ts';
import { openStage, settleNetwork } from '../support/stage.ts';

describe('the body', () => {
  test('BODY-04 half an event at the end is dropped, with its id and its parsed fields', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    const first = await stage.next();
    first.stream('id: 1\ndata: whole\n\nevent: odd\nid: 2\ndata: half\n');
    first.response.end();
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'whole' });
    expect(await client.next('handleDisconnect')).toMatchObject({
      type: 'closed',
      lastEventId: '1',
    });
    const second = await stage.next();
    expect(second.request.headers['last-event-id']).toBe('1');
    second.stream('\ndata: clean\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toEqual({
      type: 'message',
      data: 'clean',
      id: null,
      lastEventId: '1',
    });
  });

  test('BODY-15 100 events of one packet are handled one at a time, in order', async () => {
    await using stage = await openStage();
    let running = 0;
    const handled: string[] = [];
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(stage),
        handleEvent: async (event, state) => {
          running += 1;
          expect(running).toBe(1);
          await new Promise(setImmediate);
          running -= 1;
          handled.push(event.data);
          return state;
        },
      }),
    );
    const all = Array.from({ length: 100 }, (_, index) => String(index));
    const { stream, response } = await stage.next();
    stream(all.map((data) => `data: ${data}\n\n`).join(''));
    response.end();
    await client.next('handleConnect');
    for (const data of all) {
      expect(await client.next('handleEvent')).toMatchObject({ data });
    }
    await client.next('handleDisconnect');
    expect(handled).toEqual(all);
  });

  test('BODY-16 while an event is handled the writes of the server block, and no event is lost', async () => {
    await using stage = await openStage();
    const { promise: brake, resolve: release } = Promise.withResolvers<void>();
    let bytes = 0;
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...once(stage),
        handleEvent: async ({ data }, state) => {
          bytes += data.length;
          await brake;
          return state;
        },
      }),
    );
    const { stream, response, request } = await stage.next();
    stream();
    const data = 'x'.repeat(65_536);
    const count = 512;
    for (let index = 0; index < count; index += 1) {
      response.write(`data: ${data}\n\n`);
    }
    response.end();
    await client.next('handleConnect');
    await client.next('handleEvent');
    let unsent = 0;
    do {
      unsent = request.socket.writableLength;
      await settleNetwork();
    } while (request.socket.writableLength < unsent);
    expect(unsent).toBeGreaterThan(16 * 2 ** 20);
    expect(client.called).toEqual(['handleConnect', 'handleEvent']);
    release();
    for (let index = 1; index < count; index += 1) {
      await client.next('handleEvent');
    }
    await client.next('handleDisconnect');
    expect(bytes).toBe(count * data.length);
  });

  test('BODY-17 a comment reaches handleComment when its line ends, in its place among the events', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({ ...once(stage), handleComment: (_comment, state) => state }),
    );
    const { stream, response } = await stage.next();
    stream(':ping\n');
    await client.next('handleConnect');
    expect(await client.next('handleComment')).toBe('ping');
    response.write('data: x\n\n: pong\ndata: y\n\n');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
    expect(await client.next('handleComment')).toBe('pong');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'y' });
  });

  test('BODY-17 without a handleComment comments are dropped', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    (await stage.next()).stream(': ping\n\ndata: x\n\n');
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'x' });
    expect(stage.system.reports).toEqual([]);
  });

  test('BODY-17 handleComment moves the state, may be async, and may answer', async () => {
    await using stage = await openStage();
    const { client } = await observe(
      stage.system,
      SseClient.define({
        ...defaults,
        init: () => connect(stage, [] as readonly string[]),
        handleComment: async (comment, comments) =>
          comment === 'end' ? stop(normal, comments) : [...comments, comment],
        terminate: (_reason, comments) => {
          expect(comments).toEqual(['a', 'b']);
        },
      }),
    );
    (await stage.next()).stream(':a\n:b\n:end\n:c\ndata: x\n\n');
    expect(await client.ended()).toEqual(normal);
    expect(client.called.slice(-2)).toEqual(['handleComment', 'terminate']);
  });

  test('BODY-18 a block with only an id calls no callback, and moves the id', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once(stage));
    const { stream, response } = await stage.next();
    stream('id: 7\n\n');
    response.end();
    await client.next('handleConnect');
    expect(await client.next('handleDisconnect')).toMatchObject({ lastEventId: '7' });
  });

  test('handleDisconnect gets the last retry of the stream, as it was sent, and not that of an earlier stream', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, follower(stage));
    for (const [body, retry] of [
      ['retry: 5\n\nretry: 0\n\n', 0],
      [': nothing\n\n', undefined],
    ] as const) {
      const { stream, response } = await stage.next();
      stream(body);
      response.end();
      await client.next('handleConnect');
      expect((await client.next('handleDisconnect')).retry).toBe(retry);
    }
  });

  test('an event above the limit ends the connection, with the events before it handled and the id of the last', async () => {
    await using stage = await openStage();
    const { client } = await observe(stage.system, once({ url: stage.url, maxEventSize: 100 }));
    const { stream, closed } = await stage.next();
    stream(`id: 1\ndata: a\n\nid: 2\ndata: ${'x'.repeat(200)}\n\nid: 3\ndata: b\n\n`);
    await client.next('handleConnect');
    expect(await client.next('handleEvent')).toMatchObject({ data: 'a' });
    expect(await client.next('handleDisconnect')).toEqual({
      type: 'tooLarge',
      limit: 100,
      lastEventId: '1',
      retry: undefined,
    });
    await closed;
    expect(client.called).toEqual(['handleConnect', 'handleEvent', 'handleDisconnect']);
  });
});
