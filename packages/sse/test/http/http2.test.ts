import { expect, test } from '@jest/globals';

import { forgetProtocol, generationOf } from '../../src/http/http2.ts';

const origins = Array.from({ length: 150 }, (_, index) => `https://host-${index}.example`);

test('an origin has the first generation until no stream could be opened there, then a new one each time', () => {
  const [origin = ''] = origins;
  const first = generationOf('https://never.example');
  forgetProtocol(origin);
  const second = generationOf(origin);
  forgetProtocol(origin);
  expect(new Set([first, second, generationOf(origin)]).size).toBe(3);
});

test('of many origins that have failed, the one whose failure is oldest is forgotten, and no other', () => {
  const first = generationOf('https://never.example');
  const [again = '', ...others] = origins;
  forgetProtocol(again);
  for (const origin of others.slice(0, 99)) {
    forgetProtocol(origin);
  }
  forgetProtocol(again);
  const last = others[99] ?? '';
  forgetProtocol(last);
  const known = [again, ...others.slice(1, 100)].map(generationOf);
  expect(generationOf(others[0] ?? '')).toBe(first);
  expect(known).not.toContain(first);
  expect(new Set(known).size).toBe(100);
});
