import { test } from '@jest/globals';

import { postgresPrograms } from '../../tools/postgres.ts';
import { expectFailOver } from '../support/replicas.ts';

const onPostgres = postgresPrograms() === undefined ? test.skip : test;

onPostgres(
  'three replicas that meet in a Postgres: the streams of one that is killed go on at the others',
  async () => {
    await expectFailOver('--postgres');
  },
);
