import { expect, test } from '@jest/globals';

import { hostOf } from '../src/host.ts';

const boot = '2f6f6b1e-8a3d-4a55-9a37-0d6b7e0f6c11\n';

test('containers of one host name, each with process ids of its own, are two hosts', () => {
  const [one, other] = ['pid:[4026532281]', 'pid:[4026532999]'].map((ids) =>
    hostOf('web', [boot, ids]),
  );
  expect(one).toMatch(/^web\/[0-9a-f]{8}$/);
  expect(one).not.toBe(other);
  expect(hostOf('web', [boot, 'pid:[4026532281]'])).toBe(one);
});

test('machines of one host name are two hosts', () => {
  const ids = 'pid:[4026531836]';
  expect(hostOf('web', [boot, ids])).not.toBe(hostOf('web', ['another boot', ids]));
});

test('a host without such marks has its name alone', () => {
  expect(hostOf('web', [undefined, undefined])).toBe('web');
});
