import type { ClientBase } from 'pg';

import { advanceTypes, quoted, steps as released, tables, version } from './schema.ts';

/** The row of the table `meta`. */
interface Meta {
  readonly version: number;
  /** The oldest release that can use these tables, by the version that it makes. */
  readonly compatible: number;
}

/**
 * Makes the tables, or brings them to the version of this release. Nodes that start at once wait
 * for each other: `create … if not exists` alone fails in most of them.
 */
export async function migrate(
  client: ClientBase,
  schema: string,
  steps: typeof released = released,
): Promise<void> {
  await client.query('begin isolation level read committed');
  try {
    await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `reprise schema ${schema}`,
    ]);
    await makeSchema(client, schema);
    const meta = await readMeta(client, schema);
    for (const statement of statementsAfter(meta?.version, schema, steps)) {
      await client.query(statement);
    }
    await client.query('commit');
  } catch (error) {
    // A connection that is lost has rolled back, and its error says less.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

function statementsAfter(
  current: number | undefined,
  schema: string,
  steps: typeof released,
): readonly string[] {
  return steps.slice(current ?? 0).map((step) => step(schema));
}

/** One that is there needs no privilege to create schemas, as `if not exists` would. */
async function makeSchema(client: ClientBase, schema: string): Promise<void> {
  const { rows } = await client.query('select from pg_namespace where nspname = $1', [schema]);
  if (rows.length === 0) {
    await client.query(`create schema ${quoted(schema)}`);
  }
}

/** The versions of the tables; `undefined` if there are none. */
export async function readMeta(client: ClientBase, schema: string): Promise<Meta | undefined> {
  if (!(await hasTables(client, schema))) {
    return undefined;
  }
  const { rows } = await client.query<Meta>(
    `select version, compatible from ${quoted(schema)}.meta`,
  );
  return rows[0];
}

/** Whether the schema has been made, as `meta` tells. */
export async function hasTables(client: ClientBase, schema: string): Promise<boolean> {
  return !(await missingTables(client, schema)).includes('meta');
}

/** The names of the tables that are not there: from the catalogue, which everybody may read. */
async function missingTables(client: ClientBase, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select name from unnest($2::text[]) t(name) where not exists (
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = t.name)`,
    [schema, tables],
  );
  return rows.map(({ name }) => name);
}

/** The same, and the function that is the fence of a transaction. */
export async function missingParts(client: ClientBase, schema: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ isThere: boolean }>(
    'select to_regprocedure($1) is not null as "isThere"',
    [`${quoted(schema)}.advance(${advanceTypes})`],
  );
  const missing = await missingTables(client, schema);
  return rows[0]?.isThere === true ? missing : [...missing, 'the function advance'];
}

/**
 * Whether tables of these versions can be used by this release. Those of a later one can, if it
 * says so: a release first adds, a later one uses, and only the next drops.
 */
export function isUsable(meta: Meta): boolean {
  return meta.version >= version && meta.compatible <= version;
}
