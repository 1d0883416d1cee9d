export { sqlite, type SqliteOptions } from './sqlite/store.ts';
export { sqliteSql } from './sqlite/tables.ts';
export type { SqliteChanges, SqliteValue } from './sqlite/statement.ts';
export type { SqliteRow, SqliteStatement, SqliteTransaction } from './sqlite/transaction.ts';
