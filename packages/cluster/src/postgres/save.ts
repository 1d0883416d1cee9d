import type { ClientBase } from 'pg';

import { codeOf } from './errors.ts';
import type { Statements } from './statements.ts';
import { timedQuery } from './timed-query.ts';

/** What a save needs beside its rows. Times are in ms. */
export interface SaveOptions {
  readonly statements: Statements;
  readonly values: readonly unknown[];
  readonly timeout: number;
  /** How long it waits for a row before it passes by all that are locked. */
  readonly lockTimeout: number;
}

interface Answered {
  readonly key: string;
  readonly isSaved: boolean;
}

/** Rows were passed by: the others are written. */
export class LockedRowsError extends Error {
  constructor(keys: readonly string[]) {
    const [key] = keys;
    super(`Expected to write ${key}, got a row that another transaction has locked`);
    this.name = 'LockedRowsError';
  }
}

/**
 * Writes the rows in one statement. It waits a while for one that somebody has locked, and then
 * writes the others: to lock each row first would make every save dearer.
 * @throws LockedRowsError if rows were passed by
 */
export async function save(
  client: ClientBase,
  { statements, values, timeout, lockTimeout }: SaveOptions,
): Promise<readonly string[]> {
  try {
    const text = statements.save;
    const rows = await timedQuery<Answered>(client, { text, values, timeout, lockTimeout });
    return rows.map(({ key }) => key);
  } catch (error) {
    if (codeOf(error) !== codeOfLocked) {
      throw error;
    }
  }
  const rows = await timedQuery<Answered>(client, { text: statements.saveFree, values, timeout });
  const passed = rows.filter(({ isSaved }) => !isSaved).map(({ key }) => key);
  if (passed.length > 0) {
    throw new LockedRowsError(passed);
  }
  return rows.map(({ key }) => key);
}

/** `lock_not_available`. */
const codeOfLocked = '55P03';
