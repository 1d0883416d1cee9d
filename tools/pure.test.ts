import { expect, test } from '@jest/globals';
import { transform } from 'esbuild';

import { markPure } from './pure.ts';

/** The rest of the code when nothing of it is used. */
async function unused(code: string): Promise<string> {
  const { code: rest } = await transform(markPure(code), { treeShaking: true, format: 'esm' });
  return rest.trim();
}

test.each([
  ['var A = class { static { seal(this); } };', 'a class with a static block'],
  ['var key = Symbol.for("key"); var A = class { get [key]() { return 1; } };', 'a computed name'],
  ['var table = new Map([["a", 1]]);', 'a constructed value'],
  ['var now = host.now;', 'a value that is read'],
  ['var delay = host.delay ?? compute();', 'a value that is computed'],
  ['function f2() {}\n__name(f2, "f");', 'a renamed function'],
  ['var f_exports = {};\n__export(f_exports, { f: () => f2 });', 'a namespace'],
  ['var a = { b: c.d, [e]: [f()] };', 'an object with such values'],
])('%s: a bundler drops %s', async (code) => {
  expect(await unused(code)).toBe('');
});

test('an anonymous class keeps its name', async () => {
  const name = 'var __name = (f, name) => Object.defineProperty(f, "name", { value: name });';
  const code = markPure(`${name}var A = class { static { this.made = true; } }; export { A };`);
  const { A } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    readonly A: { readonly name: string; readonly made: boolean };
  };
  expect([A.name, A.made]).toEqual(['A', true]);
});

test.each([
  ['var f = () => g();'],
  ['var limits = { most: 1, names: ["a", /b/u], check() {} };'],
  ['function f() {}'],
  ['var A = class extends Error { static [Symbol.hasInstance]() {} #b = 1; };'],
  ['import { a } from "a"; export { a };'],
])('%s stays as it is', (code) => {
  expect(markPure(code)).toBe(code);
});

test('a statement that no bundler could drop is an error', () => {
  expect(() => markPure('for (const type of types) { mark(type); }')).toThrow(
    'Expected a declaration at the top of a module, got for (',
  );
});
