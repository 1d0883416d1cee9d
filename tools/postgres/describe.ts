import { describe } from '@jest/globals';

import { pgBouncerPath, postgresPrograms } from '../postgres.ts';

/** `describe`, where there is a Postgres. */
export const onPostgres = postgresPrograms() === undefined ? describe.skip : describe;

/** The same, where there is PgBouncer, too. */
export const onPgBouncer = pgBouncerPath() === undefined ? describe.skip : onPostgres;
