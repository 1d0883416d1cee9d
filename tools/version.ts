// Writes the versions of packages into their sources, after changesets has changed package.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.ts';

for (const name of ['actor', 'observer']) {
  write(join(root, 'packages', name));
}

function write(folder: string): void {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const source = join(folder, 'src/version.ts');
  const text = readFileSync(source, 'utf8');
  writeFileSync(source, text.replace(/version = '.*'/, `version = '${version}'`));
}
