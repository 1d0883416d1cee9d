import { test } from '@jest/globals';

import { onPostgres } from '../../tools/postgres/describe.ts';
import { expectFailOver } from '../support/replicas.ts';

onPostgres('three replicas that meet in a Postgres', () => {
  test('the streams of one that is killed go on at the others', async () => {
    await expectFailOver('--postgres');
  });
});
