import { expect, test } from '@jest/globals';

import { shown, textOf } from '../src/shown.ts';

class Unreadable extends Error {
  override get message(): string {
    throw new Error('nobody reads me');
  }
}

const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
revoke();

test.each([
  [new Error('out of paper'), 'out of paper'],
  [new Error('two\n  lines'), 'two lines'],
  [new Error('a\0b'), String.raw`a\x00b`],
  [new Error(''), 'Error'],
  [Object.assign(new Error('x'), { message: undefined }), 'Error'],
  [Object.assign(new Error('x'), { message: { code: 5 } }), 'Error'],
  [Object.assign(new Error('x'), { message: Symbol('y') }), 'Error'],
  [new Unreadable(), 'Error'],
  [proxy, ''],
  [Symbol('x'), 'Symbol(x)'],
  [null, 'null'],
  [undefined, 'undefined'],
])('POI-01 the words of a thrown value are a text: %#', (thrown, words) => {
  expect(textOf(thrown)).toContain(words);
});

test('a secret that is cut off is hidden', () => {
  for (let before = 0; before < 520; before += 1) {
    const text = `${'y'.repeat(before)} postgres://user:s3cr3t9verylongpassword@host/x`;
    expect(shown(text, 500)).not.toContain('s3c');
    expect(textOf(new Error(text))).not.toContain('s3c');
  }
});
