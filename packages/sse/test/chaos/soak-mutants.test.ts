import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { mutants, mutated } from '../../../../bench/soak/mutants.ts';

const packages = join(import.meta.dirname, '..', '..', '..');

test.each(Object.entries(mutants))(
  'the code is still there in which a soak has to notice this fault: %s',
  (_fault, mutant) => {
    const source = readFileSync(join(packages, mutant.file), 'utf8');
    expect(mutated(mutant, source)).not.toBe(source);
  },
);
