import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

test('OBS-C06 a service without streams loads neither the client nor what that needs', async () => {
  const { metafile } = await build({
    absWorkingDir: join(import.meta.dirname, '..'),
    entryPoints: ['src/index.ts', 'src/metrics.ts'],
    outdir: 'nowhere',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const atOnce = imports.filter(({ kind, external }) => external && kind === 'import-statement');
  const names = new Set(atOnce.map(({ path }) => path).filter((path) => !path.startsWith('node:')));
  expect([...names].filter((name) => !name.startsWith('@reprise/actor'))).toEqual([]);
  expect(names.size).toBeGreaterThan(0);
});
