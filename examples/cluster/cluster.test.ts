import { test } from '@jest/globals';

import { expectFailOver } from '../support/replicas.ts';

test('three replicas that meet in a file: the streams of one that is killed go on at the others', async () => {
  await expectFailOver();
});
