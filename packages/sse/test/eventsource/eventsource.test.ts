import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, jest, test } from '@jest/globals';
import { expectTypeOf } from 'expect-type';

import { ErrorEvent, EventSource } from '../../src/eventsource.ts';

/** With a scheme that the client refuses: it opens no socket. */
const nowhere = 'ftp://127.0.0.1/events';

function closedSource(): EventSource {
  const source = new EventSource(nowhere);
  source.close();
  return source;
}

describe('the constructor', () => {
  test.each(['http://127.0.0.1/a?b#c', new URL('http://127.0.0.1/a?b#c')])(
    'takes a URL as text and as an object: %p',
    (url) => {
      using sources = new DisposableStack();
      const source = sources.adopt(new EventSource(url), (source) => {
        source.close();
      });
      expect(source.url).toBe('http://127.0.0.1/a?b#c');
      expect(source.readyState).toBe(EventSource.CONNECTING);
    },
  );

  test('shows the URL as the URL standard writes it', () => {
    expect(closedSource().url).toBe(nowhere);
    const source = new EventSource('HTTP://LOCALHOST:80/a/../b');
    source.close();
    expect(source.url).toBe('http://localhost/b');
  });

  test.each(['', '/events', 'http://[', 'http://this is invalid/', null, undefined, {}])(
    'throws a SyntaxError for a value that is no absolute URL: %p',
    (url) => {
      expect(() => new EventSource(url as string)).toThrow(
        expect.objectContaining({
          constructor: DOMException,
          name: 'SyntaxError',
          code: 12,
          message: expect.stringContaining('Expected an absolute URL, got '),
        }),
      );
    },
  );

  test('throws a TypeError without a URL, and without new', () => {
    const construct = EventSource as unknown as { new (): EventSource; (url: string): unknown };
    expect(() => new construct()).toThrow(new TypeError('Expected a URL, got nothing'));
    expect(() => construct(nowhere)).toThrow(TypeError);
    expect(EventSource).toHaveLength(1);
    expect(EventSource.name).toBe('EventSource');
  });

  test.each([
    [undefined, false],
    [null, false],
    [{}, false],
    [{ withCredentials: undefined }, false],
    [{ withCredentials: true }, true],
    [{ withCredentials: 1 }, true],
  ])('takes withCredentials: %p shows %p', (init, shown) => {
    const source = new EventSource(nowhere, init as { readonly withCredentials: boolean });
    source.close();
    expect(source.withCredentials).toBe(shown);
  });

  test.each([
    ['x', new TypeError('Expected options { withCredentials, … }, got "x"')],
    [{ fetch: 'x' }, new TypeError('Expected fetch to be a function, got "x"')],
    [{ fetch: null }, new TypeError('Expected fetch to be a function, got null')],
    [{ maxBufferSize: 0 }, new RangeError('Expected maxBufferSize to be above 0, got 0')],
    [{ maxBufferSize: NaN }, new RangeError('Expected maxBufferSize to be above 0, got NaN')],
  ])('throws for options that it cannot keep to: %p', (init, error) => {
    expect(() => new EventSource(nowhere, init as object)).toThrow(error);
  });
});

describe('the interface', () => {
  test.each([
    ['CONNECTING', 0],
    ['OPEN', 1],
    ['CLOSED', 2],
  ] as const)(
    'has the constant %s on the class, its prototype and each instance',
    (name, value) => {
      const constant = { value, writable: false, enumerable: true, configurable: false };
      expect(Object.getOwnPropertyDescriptor(EventSource, name)).toEqual(constant);
      expect(Object.getOwnPropertyDescriptor(EventSource.prototype, name)).toEqual(constant);
      const source = closedSource();
      expect(source[name]).toBe(value);
      expect(() => {
        (source as { CLOSED: number })[name as 'CLOSED'] = 7;
      }).toThrow(/read only/);
    },
  );

  test('its members are those of the standard, enumerable, and read-only ones do not change', () => {
    const members: string[] = [];
    for (const name in closedSource()) {
      if (!(name in EventTarget.prototype)) {
        members.push(name);
      }
    }
    expect(members.toSorted()).toEqual([
      'CLOSED',
      'CONNECTING',
      'OPEN',
      'close',
      'onerror',
      'onmessage',
      'onopen',
      'readyState',
      'url',
      'withCredentials',
    ]);
    const source = closedSource() as { url: string };
    expect(() => {
      source.url = 'x';
    }).toThrow(/only a getter/);
  });

  test('is an EventTarget of its own name, and can be extended', () => {
    class Feed extends EventSource {
      readonly feed = 'prices';
    }
    const feed = new Feed(nowhere);
    feed.close();
    expect(feed).toBeInstanceOf(EventTarget);
    expect(feed.url).toBe(nowhere);
    expect(Object.prototype.toString.call(feed)).toBe('[object EventSource]');
  });

  test('has the symbol by which the npm package eventsource declares that it takes a fetch', () => {
    const supportsFetch = Symbol.for('eventsource.supports-fetch-override');
    expect(supportsFetch in EventSource).toBe(true);
    expect(Object.keys(EventSource)).toEqual(['CONNECTING', 'OPEN', 'CLOSED']);
  });
});

describe.each(['open', 'message', 'error'] as const)('the handler on%s', (type) => {
  const attribute = `on${type}` as const;
  const dispatch = (source: EventSource): void => void source.dispatchEvent(new Event(type));

  test('is null until it is set, and after it is set to a value that is no function', () => {
    const source = closedSource();
    const handler = (): void => undefined;
    expect(source[attribute]).toBe(null);
    source[attribute] = handler;
    expect(source[attribute]).toBe(handler);
    for (const none of [null, undefined, 1, 'x', {}, { handleEvent: handler }]) {
      source[attribute] = handler;
      source[attribute] = none as null;
      expect(source[attribute]).toBe(null);
    }
  });

  test('is called with the event, on the source, and not when it is null', () => {
    const source = closedSource();
    const handler = jest.fn(function (this: unknown, event: Event) {
      expect(this).toBe(source);
      expect(event.type).toBe(type);
      expect(event.target).toBe(source);
    });
    source[attribute] = handler;
    dispatch(source);
    source[attribute] = null;
    dispatch(source);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('has the place among the listeners where it was first set, until it is null', () => {
    const source = closedSource();
    const called: string[] = [];
    const push = (name: string) => () => void called.push(name);
    source.addEventListener(type, push('first'));
    source[attribute] = push('one');
    source.addEventListener(type, push('last'));
    source[attribute] = push('other');
    dispatch(source);
    source[attribute] = null;
    source[attribute] = push('again');
    dispatch(source);
    expect(called).toEqual(['first', 'other', 'last', 'first', 'last', 'again']);
  });

  test('prevents the default of a cancelable event by returning false', () => {
    const source = closedSource();
    source[attribute] = () => false;
    expect(source.dispatchEvent(new Event(type, { cancelable: true }))).toBe(false);
    source[attribute] = () => undefined;
    expect(source.dispatchEvent(new Event(type, { cancelable: true }))).toBe(true);
  });
});

test('listeners are those of every EventTarget: functions, objects, once, signal', () => {
  const source = closedSource();
  const called: string[] = [];
  const controller = new AbortController();
  const listener = {
    handleEvent({ type }: Event) {
      called.push(`object ${type}`);
    },
  };
  source.addEventListener('price', listener);
  source.addEventListener('price', () => void called.push('once'), { once: true });
  source.addEventListener('price', () => void called.push('signal'), controller);
  for (let round = 0; round < 2; round += 1) {
    source.dispatchEvent(new MessageEvent('price'));
    controller.abort();
  }
  source.removeEventListener('price', listener);
  source.dispatchEvent(new MessageEvent('price'));
  expect(called).toEqual(['object price', 'once', 'signal', 'object price']);
});

test('close is harmless at any time', () => {
  const source = closedSource();
  source.close();
  expect(source.readyState).toBe(EventSource.CLOSED);
});

test('an ErrorEvent has a code and a message, or neither', () => {
  expect(new ErrorEvent('error', { code: 404, message: 'x' })).toMatchObject({
    type: 'error',
    code: 404,
    message: 'x',
  });
  expect(new ErrorEvent('error')).toMatchObject({ code: undefined, message: undefined });
});

test('events have the types of their listeners', () => {
  const source = closedSource();
  source.addEventListener('message', (event) => {
    expectTypeOf(event).toEqualTypeOf<MessageEvent>();
  });
  source.addEventListener('price', (event) => {
    expectTypeOf(event).toEqualTypeOf<MessageEvent>();
  });
  source.addEventListener('open', (event) => {
    expectTypeOf(event).toEqualTypeOf<Event>();
  });
  source.addEventListener('error', (event) => {
    expectTypeOf(event.code).toEqualTypeOf<number | undefined>();
    expectTypeOf(event.message).toEqualTypeOf<string | undefined>();
  });
  source.onerror = ({ code }) => {
    expectTypeOf(code).toEqualTypeOf<number | undefined>();
  };
  source.onmessage = function () {
    expectTypeOf(this).toEqualTypeOf<EventSource>();
  };
  // @ts-expect-error: the state is the source's to change
  expect(() => (source.readyState = 1)).toThrow(TypeError);
});

describe('the async context', () => {
  test('of listeners, handlers and fetch is that of the constructor', async () => {
    const storage = new AsyncLocalStorage<string>();
    const contextsOf = (name: string): Promise<unknown[]> => {
      const log: unknown[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const source = storage.run(
        name,
        () =>
          new EventSource('http://127.0.0.1/', {
            fetch: async () => {
              log.push(['fetch', storage.getStore()]);
              return new Response('', { status: 204 });
            },
          }),
      );
      storage.run('somebody else', () => {
        source.onerror = () => log.push(['handler', storage.getStore()]);
        source.addEventListener('error', () => {
          log.push(['listener', storage.getStore()]);
          source.close();
          resolve();
        });
      });
      return promise.then(() => log);
    };
    expect(await Promise.all(['a', 'b'].map(contextsOf))).toStrictEqual(
      ['a', 'b'].map((name) => [
        ['fetch', name],
        ['handler', name],
        ['listener', name],
      ]),
    );
  });
});
