import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import { expect, test } from '@jest/globals';
import type * as Text from '@reprise/actor/text';
import { build } from 'esbuild';

/** An entry, with all that it imports, as a value in a world that has the language alone. */
async function loadBare(entry: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as entry from '${entry}'; globalThis.entry = entry;`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    platform: 'neutral',
    conditions: ['@reprise/source'],
    define: { 'import.meta.url': '"file:///entry.js"' },
    write: false,
  });
  return runInContext(`${outputFiles[0]?.text ?? ''}; entry`, createContext());
}

test.each(['@reprise/actor', '@reprise/actor/options', '@reprise/actor/text'])(
  '%s loads without timers, channels and Node: it looks for them at first use',
  async (entry) => {
    await expect(loadBare(entry)).resolves.toBeDefined();
  },
);

test('an error message shows a value without Node, too', async () => {
  const { describe } = (await loadBare('@reprise/actor/text')) as typeof Text;
  expect(describe({ password: 'x', id: 1 })).toBe('{"password":"[redacted]","id":1}');
});
