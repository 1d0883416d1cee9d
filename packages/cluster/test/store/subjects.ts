import { postgresPrograms } from '../../../../tools/postgres.ts';
import { memorySubject } from './memory-subject.ts';
import { postgresSubject } from './postgres-subject.ts';
import { sqliteSubject } from './sqlite-subject.ts';
import type { Subject } from './subject.ts';

/** The stores for which the table of tests runs; Postgres where it is installed. */
export const subjects: readonly Subject[] = [
  memorySubject,
  sqliteSubject,
  ...(postgresPrograms() === undefined ? [] : [postgresSubject]),
];
