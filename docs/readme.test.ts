import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test.each(['eventsource', 'reprise'])(
  'the README shows the program %s.ts as it runs in examples/survive-a-deploy',
  (name) => {
    const program = readFileSync(join(root, 'examples/survive-a-deploy', `${name}.ts`), 'utf8');
    const code = program.replace(/^\/\*\*.*\*\/\n/, '');
    expect(readme).toContain(`\n${code}\`\`\`\n`);
  },
);
