import { expect, test } from '@jest/globals';
import { createTestSystem } from '@reprise/actor/testing';

import { SseClient } from '../../src/index.ts';

type Limits = Parameters<typeof SseClient.limitRequests>[1];

test.each<[Limits, string]>([
  [{ client: { burst: 0 } }, 'Expected client.burst to be a number from 1 on, got 0'],
  [{ origin: { inFlight: 0.5 } }, 'Expected origin.inFlight to be a number from 1 on, got 0.5'],
  [{ origin: { perSecond: 0 } }, 'Expected origin.perSecond to be a number above 0, got 0'],
  [{ client: { interval: 0 } }, 'Expected client.interval to be a finite number above 0, got 0'],
  [
    { client: { interval: Infinity } },
    'Expected client.interval to be a finite number above 0, got Infinity',
  ],
  [
    { client: { interval: '1' as never } },
    'Expected client.interval to be a finite number above 0, got "1"',
  ],
])('a limit that can never work is told at once: %j', (limits, message) => {
  expect(() => {
    SseClient.limitRequests(createTestSystem(), limits);
  }).toThrow(new RangeError(message));
});

test('limits may be left open', () => {
  const limits = {
    client: { burst: Infinity },
    origin: { perSecond: Infinity, inFlight: Infinity },
  };
  expect(() => {
    SseClient.limitRequests(createTestSystem(), limits);
  }).not.toThrow();
});
