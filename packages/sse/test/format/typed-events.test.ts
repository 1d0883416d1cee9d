import { describe, expect, test } from '@jest/globals';
import { expectTypeOf } from 'expect-type';
import * as v from 'valibot';
import { z } from 'zod';

import { events, type InvalidEvent, SseClient } from '../../src/index.ts';
import { openStage } from '../support/stage.ts';

const schemas = {
  price: z.object({ symbol: z.string(), cents: z.coerce.number() }),
  trade: v.objectAsync({
    id: v.pipeAsync(
      v.string(),
      v.checkAsync((id) => Promise.resolve(id !== '')),
    ),
  }),
};

async function read(text: string): Promise<unknown[]> {
  await using stage = await openStage();
  const seen: unknown[] = [];
  const spec = SseClient.resilient({
    id: 'prices',
    url: stage.url,
    method: 'POST',
    events: schemas,
    handle: (event) => {
      expectTypeOf(event.type).toEqualTypeOf<'price' | 'trade'>();
      seen.push(event.type === 'price' ? event.data.cents : event.data.id);
    },
    handleInvalid: (invalid) => {
      expectTypeOf(invalid).toEqualTypeOf<InvalidEvent>();
      seen.push([invalid.type, invalid.event.data]);
    },
    onStatus: (status) => {
      if (status.type === 'ended') {
        ended.resolve();
      }
    },
  });
  const ended = Promise.withResolvers<void>();
  await spec.start(stage.system);
  const exchange = await stage.next();
  exchange.stream();
  exchange.response.end(text);
  await ended.promise;
  return seen;
}

describe('typed events', () => {
  test('are parsed by the schema of their type, of any library, in order', async () => {
    expect(
      await read(
        'event: trade\ndata: {"id":"t1"}\n\nevent: price\ndata: {"symbol":"X",\ndata: "cents":"12"}\n\n',
      ),
    ).toEqual(['t1', 12]);
  });

  test('that do not fit their schema are passed on as they came', async () => {
    expect(
      await read(
        [
          'event: price\ndata: {\n\n',
          'event: price\ndata: {"symbol":1}\n\n',
          'event: trade\ndata: {"id":""}\n\n',
          'data: {}\n\n',
          'event: __proto__\ndata: {}\n\n',
          'event: constructor\ndata: {}\n\n',
          'event: price\ndata: {"symbol":"X","cents":1}\n\n',
        ].join(''),
      ),
    ).toEqual([
      ['json', '{'],
      ['schema', '{"symbol":1}'],
      ['schema', '{"id":""}'],
      ['unknownType', '{}'],
      ['unknownType', '{}'],
      ['unknownType', '{}'],
      1,
    ]);
  });

  test('that do not fit have the issues of their schema', async () => {
    await using stage = await openStage();
    const invalid: InvalidEvent[] = [];
    const stream = events(stage.url, {
      parent: stage.system,
      events: { price: schemas.price },
      handleInvalid: (problem) => void invalid.push(problem),
    });
    const first = stream.next();
    const exchange = await stage.next();
    exchange.stream('event: price\ndata: x\n\nevent: price\ndata: 1\n\n');
    exchange.response.write('event: price\nid: 7\ndata: {"symbol":"X","cents":1}\n\n');
    expect((await first).value).toMatchObject({
      type: 'price',
      lastEventId: '7',
      data: { cents: 1 },
    });
    expect(invalid).toMatchObject([
      { type: 'json', error: expect.any(SyntaxError) },
      { type: 'schema', issues: [{ message: expect.any(String) }] },
    ]);
    await stream.return?.();
  });

  test('need schemas, and somewhere for the events that do not fit', () => {
    const options = { id: 'prices', url: 'http://localhost/', handle: () => undefined };
    const build = (wrong: object): unknown => SseClient.resilient({ ...options, ...wrong });
    expect(() => build({ events: { price: 7 }, handleInvalid: () => undefined })).toThrow(
      new TypeError('Expected events.price to be a schema that follows Standard Schema, got 7'),
    );
    expect(() => build({ events: { price: schemas.price } })).toThrow(
      new TypeError('Expected handleInvalid to be a function (invalid) => …, got undefined'),
    );
    // A type error.
    void ((): unknown =>
      // @ts-expect-error -- without handleInvalid, invalid events would be lost silently
      SseClient.resilient({
        ...options,
        events: { price: schemas.price },
      }));
  });
});
