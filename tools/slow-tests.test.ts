import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { root } from './root.ts';
import { slowTests } from './slow-tests.ts';

test('every slow test file exists', () => {
  expect(slowTests.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});
