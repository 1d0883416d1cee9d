import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import { build, type Metafile } from 'esbuild';

test('OBS-C06 a service without streams loads neither the client nor what that needs', async () => {
  const entryPoints = ['src/index.ts', 'src/metrics.ts'];
  const { metafile } = await build({
    absWorkingDir: join(import.meta.dirname, '..'),
    entryPoints,
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
  const { outputs } = metafile;
  const names = new Set<string>();
  const entries = Object.keys(outputs).filter((path) =>
    entryPoints.includes(outputs[path]?.entryPoint ?? ''),
  );
  for (const path of loadedWith(entries, outputs)) {
    for (const { path: name } of atOnce(outputs[path]).filter(({ external }) => external)) {
      names.add(name);
    }
  }
  const others = [...names].filter((name) => !/^(?:node:|@reprise\/actor)/.test(name));
  expect(others).toEqual([]);
  expect(names).toContain('@reprise/actor');
});

/** The files that are there once the entries are, without those that are loaded later. */
function loadedWith(entries: readonly string[], outputs: Metafile['outputs']): ReadonlySet<string> {
  const loaded = new Set(entries);
  for (const path of loaded) {
    for (const imported of atOnce(outputs[path]).filter(({ external }) => external !== true)) {
      loaded.add(imported.path);
    }
  }
  return loaded;
}

function atOnce(output: Metafile['outputs'][string] | undefined) {
  return output?.imports.filter(({ kind }) => kind === 'import-statement') ?? [];
}
