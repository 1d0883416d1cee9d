import type { Client, ClientBase } from 'pg';

import { commandFor, missingGrants, nameOfTables } from './check.ts';
import { codeOf } from './errors.ts';
import { hasTables, isUsable, migrate, missingParts, readMeta } from './migrate.ts';
import type { Settings } from './options.ts';
import { version } from './schema.ts';

/** Why the tables cannot be used, and how to mend that; makes them, if it may. */
export async function refusalOfTables(
  client: Client,
  { schema, migrate: how }: Settings,
  role: string,
): Promise<string | undefined> {
  const remedy = `let an owner of the database run what this prints: ${commandFor(schema, role)}`;
  if (!(await hasTables(client, schema))) {
    const expected = `Expected ${nameOfTables(schema)}, got none`;
    return how === 'check'
      ? `${expected}: ${remedy}`
      : makeTables(client, schema, expected, remedy);
  }
  return (
    (await refusalOfPrivileges(client, schema, role)) ??
    (await refusalOfVersion(client, schema, how)) ??
    refusalOfParts(client, schema)
  );
}

/** Names the grants that the role lacks, as statements. */
export async function refusalOfPrivileges(
  client: ClientBase,
  schema: string,
  role: string,
): Promise<string | undefined> {
  const missing = await missingGrants(client, schema, role);
  return missing.length === 0
    ? undefined
    : `Expected all privileges on ${nameOfTables(schema)}, got a role without some: ${missing.join('; ')}`;
}

/** Somebody has dropped some of them: those of this version are not made again. */
async function refusalOfParts(client: Client, schema: string): Promise<string | undefined> {
  const missing = await missingParts(client, schema);
  return missing.length === 0
    ? undefined
    : `Expected ${nameOfTables(schema)}, got some without ${missing.join(', ')}: restore them from a backup, or drop the schema to begin anew`;
}

async function makeTables(
  client: Client,
  schema: string,
  expected: string,
  remedy: string,
): Promise<string | undefined> {
  try {
    await migrate(client, schema);
    return undefined;
  } catch (error) {
    if (codeOf(error) === '42501') {
      return `${expected}, and a role that may not make them: ${remedy}`;
    }
    throw error;
  }
}

async function refusalOfVersion(
  client: Client,
  schema: string,
  how: Settings['migrate'],
): Promise<string | undefined> {
  if (how === 'auto') {
    await migrateAsOwner(client, schema);
  }
  const meta = await readMeta(client, schema);
  if (meta !== undefined && isUsable(meta)) {
    return undefined;
  }
  const found = meta === undefined ? 'no version' : `version ${meta.version}`;
  const mend =
    meta !== undefined && meta.version > version
      ? `which needs a release that makes version ${meta.compatible} or later: update @reprise/cluster`
      : "let one node start with `migrate: 'auto'`, as an owner of them";
  return `Expected ${nameOfTables(schema)} in version ${version}, got ${found}, ${mend}`;
}

/** A role that may not alter the tables can use them, if an owner has brought them up to date. */
async function migrateAsOwner(client: Client, schema: string): Promise<void> {
  try {
    await migrate(client, schema);
  } catch (error) {
    if (codeOf(error) !== '42501') {
      throw error;
    }
  }
}
