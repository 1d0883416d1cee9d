import { describe, expect, test } from '@jest/globals';

import {
  type ClientAction,
  type ClientEvent,
  clientMachine,
  type ClientSnapshot,
  initialSnapshot,
  step,
} from '../../src/client/machine.ts';

const request = { url: 'http://127.0.0.1/a' };
const other = { url: 'http://127.0.0.1/b' };

/** Runs the events. Returns the last state, and the actions of the last event. */
function after(...events: readonly ClientEvent[]) {
  let snapshot: ClientSnapshot = initialSnapshot;
  let actions: readonly ClientAction[] = [];
  for (const event of events) {
    [snapshot, actions] = step(snapshot, event);
  }
  const { value: state, context } = snapshot;
  return { state, ...context, actions: actions.map(({ type, ...rest }) => ({ type, ...rest })) };
}

function requested(actions: readonly object[]): readonly unknown[] {
  return actions.map((action) => {
    const { type, params } = action as { readonly type: string; readonly params?: object };
    return params === undefined ? type : [type, params];
  });
}

const connect: ClientEvent = { type: 'CONNECT', request };
const later: ClientEvent = { type: 'CONNECT', request, after: 1000 };
const reconnect: ClientEvent = { type: 'RECONNECT', request: other };
const of = (type: 'DUE' | 'OPENED' | 'FAILED' | 'CLOSED', generation = 1): ClientEvent => ({
  type,
  generation,
});

const disconnected: readonly ClientEvent[] = [];
const waiting = [later];
const connecting = [connect];
const connected = [connect, of('OPENED')];

test('has exactly the states disconnected, connecting, connected, and begins disconnected', () => {
  expect(Object.keys(clientMachine.config.states ?? {})).toEqual([
    'disconnected',
    'connecting',
    'connected',
  ]);
  expect(after()).toMatchObject({ state: 'disconnected', generation: 0, request: undefined });
});

describe('when disconnected', () => {
  test('CONNECT opens a connection at once', () => {
    const next = after(connect);
    expect(next).toMatchObject({ state: 'connecting', generation: 1, request });
    expect(requested(next.actions)).toEqual(['clearTimer', ['open', { request, generation: 1 }]]);
  });

  test('CONNECT after a while starts a timer and stays disconnected', () => {
    const next = after(later);
    expect(next).toMatchObject({ state: 'disconnected', generation: 1, request });
    expect(requested(next.actions)).toEqual([
      'clearTimer',
      ['startTimer', { after: 1000, generation: 1 }],
    ]);
  });

  test('CONNECT after 0 ms opens a connection at once', () => {
    expect(after({ type: 'CONNECT', request, after: 0 }).state).toBe('connecting');
  });

  test('LIFE-10 the end of the wait opens the connection', () => {
    const next = after(...waiting, of('DUE'));
    expect(next).toMatchObject({ state: 'connecting', generation: 1, request });
    expect(requested(next.actions)).toEqual([['open', { request, generation: 1 }]]);
  });

  test.each([connect, reconnect, { ...later, after: 5 } as ClientEvent])(
    'a newer connect, $type, replaces the one that waits, and its stale DUE is ignored',
    (newer) => {
      const next = after(...waiting, newer);
      expect(next.generation).toBe(2);
      expect(requested(next.actions)[0]).toBe('clearTimer');
      expect(after(...waiting, newer, of('DUE', 1))).toEqual({ ...next, actions: [] });
    },
  );

  test('REC-18 after a failure or an end there is no request, and a later CONNECT works', () => {
    for (const past of [
      [...connecting, of('FAILED')],
      [...connected, of('CLOSED')],
    ]) {
      expect(after(...past)).toMatchObject({
        state: 'disconnected',
        request: undefined,
        actions: [],
      });
      expect(after(...past, of('DUE')).state).toBe('disconnected');
      expect(after(...past, connect)).toMatchObject({ state: 'connecting', generation: 2 });
    }
  });
});

describe('when connecting', () => {
  test('OPENED leads to connected, also after failures', () => {
    const next = after(connect, of('FAILED'), connect, of('OPENED', 2));
    expect(next).toMatchObject({ state: 'connected', actions: [] });
  });

  test('FAILED leads to disconnected, as often as it happens', () => {
    expect(after(connect, of('FAILED'))).toMatchObject({ state: 'disconnected', actions: [] });
    expect(after(connect, of('FAILED'), connect, of('FAILED', 2)).state).toBe('disconnected');
  });

  test('REC-16 RECONNECT drops the attempt and makes another', () => {
    const next = after(...connecting, reconnect);
    expect(next).toMatchObject({ state: 'connecting', generation: 2, request: other });
    expect(requested(next.actions)).toEqual(['close', ['open', { request: other, generation: 2 }]]);
  });
});

describe('when connected', () => {
  test('CLOSED leads to disconnected, without an action', () => {
    expect(after(...connected, of('CLOSED'))).toMatchObject({ state: 'disconnected', actions: [] });
  });

  test('REC-16 RECONNECT drops the connection and makes another at once', () => {
    const next = after(...connected, reconnect);
    expect(next).toMatchObject({ state: 'connecting', generation: 2, request: other });
    expect(requested(next.actions)).toEqual(['close', ['open', { request: other, generation: 2 }]]);
  });
});

describe('an event without a meaning in a state changes nothing', () => {
  test.each([
    [
      'disconnected',
      disconnected,
      [of('DUE', 0), of('OPENED', 0), of('FAILED', 0), of('CLOSED', 0)],
    ],
    ['waiting', waiting, [of('OPENED'), of('FAILED'), of('CLOSED'), of('DUE', 0)]],
    ['connecting', connecting, [of('DUE'), of('CLOSED'), connect, later]],
    ['connected', connected, [of('DUE'), of('OPENED'), of('FAILED'), connect, later]],
  ])('REC-17 %s', (_name, past, events) => {
    for (const event of events) {
      expect({ event, ...after(...past, event) }).toEqual({
        event,
        ...after(...past),
        actions: [],
      });
    }
  });

  test('REC-14 every event of an older generation is ignored', () => {
    for (const old of [of('OPENED'), of('FAILED'), of('CLOSED'), of('DUE')]) {
      for (const past of [
        [...connecting, reconnect],
        [...connected, reconnect],
        [...connecting, reconnect, of('OPENED', 2)],
        [...connected, of('CLOSED'), later],
      ]) {
        expect(after(...past, old)).toEqual({ ...after(...past), actions: [] });
      }
    }
  });
});

test('a step is pure: the snapshot it was made from stays as it was', () => {
  const before = initialSnapshot;
  step(before, connect);
  expect(before).toMatchObject({ value: 'disconnected', context: { generation: 0 } });
});
