import { expect, test } from '@jest/globals';

import { removeNeedlessNames } from './function-names.ts';

/** The code, with runs of blanks as one. */
function pruned(code: string): string {
  const result = removeNeedlessNames(code);
  expect(result).toHaveLength(code.length);
  return result.replaceAll(/ +/g, ' ').trim();
}

test.each([
  ['function stop2() {} __name(stop2, "stop");', 'a renamed function'],
  ['var any2 = /* @__PURE__ */ __name(() => 1, "any");', 'a renamed arrow'],
  ['var A = class B { static { __name(this, "A"); } };', 'a renamed class'],
])('%s keeps the name of %s', (code) => {
  expect(removeNeedlessNames(code)).toBe(code);
});

test.each([
  ['function stop() {} __name(stop, "stop");', 'function stop() {}'],
  ['var any = /* @__PURE__ */ __name(() => 1, "any");', 'var any = () => 1 ;'],
  ['var o = { any: __name(() => 1, "any") };', 'var o = { any: () => 1 };'],
  ['var A = class { static { __name(this, "A"); } };', 'var A = class { static { } };'],
  ['function f() { const g2 = __name(() => 1, "g"); }', 'function f() { const g2 = () => 1 ; }'],
])('%s becomes %s', (code, expected) => {
  expect(pruned(code)).toBe(expected);
});
