import { sqliteSubject } from './sqlite-subject.ts';
import type { Subject } from './subject.ts';

/** The stores for which the table of tests runs. */
export const subjects: readonly Subject[] = [sqliteSubject];
