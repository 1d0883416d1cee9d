import { expect, test } from '@jest/globals';
import { createSystem, spawn } from '@reprise/actor';
import { describe } from '@reprise/actor/text';

test.each([
  ['7', 7],
  ['"7"', '7'],
  ['7n', 7n],
  ['true', true],
  ['null', null],
  ['undefined', undefined],
  ['{"a":"7"}', { a: '7' }],
  ['{"a":1}', Object.assign(Object.create(null) as object, { a: 1 })],
  ['[1,2]', [1, 2]],
  ['an instance of Map', new Map([['a', 1]])],
  ['an instance of Headers', new Headers({ a: 'b' })],
  [
    'Point {"x":1}',
    new (class Point {
      x = 1;
    })(),
  ],
  ['https://example.com/', new URL('https://example.com/')],
  ['TypeError: no', new TypeError('no')],
  ['function body', function body() {}],
  [
    'class Counter',
    class Counter {
      n = 0;
    },
  ],
])('a value is shown such that its type can be seen: %s', (text, value) => {
  expect(describe(value)).toBe(text);
});

test('a pid is shown as in reports, and not as a text', async () => {
  const system = createSystem();
  const pid = spawn(system, () => {});
  expect(describe(pid)).toBe(String(pid));
  await system.stop();
});

test.each([Promise.resolve(1), { then: () => undefined }])(
  'a promise is named, since an `await` is missing',
  (promise) => {
    expect(describe(promise)).toBe('a promise: is an `await` missing?');
  },
);
