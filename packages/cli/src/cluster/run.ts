import { redact } from '@reprise/actor/text';
import type { OpenStore, StreamRow } from '@reprise/cluster';

import { postgresModule, storeAt, withStore } from '../nodes/place.ts';
import { Refusal } from '../nodes/refusal.ts';
import { clusterLines } from './lines.ts';
import type { ClusterTask } from './task.ts';

export interface ClusterOutcome {
  /** For stdout if the status is 0, and for stderr else. */
  readonly text: string;
  readonly status: 0 | 1 | 3;
}

/** Does a task of `reprise cluster`. Never rejects. */
export function runCluster(task: ClusterTask): Promise<ClusterOutcome> {
  return outcomeOf(task).catch(failed);
}

function failed(error: unknown): ClusterOutcome {
  const text = `${redact((error as Error).message)}\n`;
  return { text, status: error instanceof Refusal ? 3 : 1 };
}

async function outcomeOf(task: ClusterTask): Promise<ClusterOutcome> {
  switch (task.type) {
    case 'status':
      return { text: await status(task), status: 0 };
    case 'sql':
      return { text: await sql(task), status: 0 };
    case 'retry':
      return retry(task);
    default:
      return task satisfies never;
  }
}

type Status = Extract<ClusterTask, { readonly type: 'status' }>;
type Sql = Extract<ClusterTask, { readonly type: 'sql' }>;
type Retry = Extract<ClusterTask, { readonly type: 'retry' }>;

async function status({ place, json, limit }: Status): Promise<string> {
  const store = await storeAt(place, 'check');
  const [engine, survey] = await withStore(store, async (open) => [
    open.engine,
    await open.survey(limit),
  ]);
  const shown = { ...survey, rows: survey.rows.map(withoutSecrets) };
  return json
    ? `${JSON.stringify({ engine, ...shown })}\n`
    : `${clusterLines(engine, shown).join('\n')}\n`;
}

/** A key may be a URL with credentials, and the text of an error may contain such a URL. */
function withoutSecrets(row: StreamRow): StreamRow {
  const { key, parked } = row;
  return { ...row, key: redact(key), parked: parked === undefined ? parked : redact(parked) };
}

async function sql(task: Sql): Promise<string> {
  if (task.engine === 'sqlite') {
    const { sqliteSql } = await import('@reprise/cluster/sqlite');
    return sqliteSql();
  }
  const { postgresSql } = await postgresModule();
  const { type: _, engine: _engine, ...options } = task;
  return `${postgresSql(options)}\n`;
}

async function retry({ place, json, key }: Retry): Promise<ClusterOutcome> {
  const store = await storeAt(place, 'check');
  const isKnown = await withStore(store, async (open) => open.retry(await keyMeantBy(key, open)));
  const shown = JSON.stringify(redact(key));
  return isKnown
    ? { text: json ? `{"retried":${shown}}\n` : `${shown} is tried again\n`, status: 0 }
    : { text: `Expected the key of a stream of the store, got ${shown}\n`, status: 1 };
}

/** A key with a secret is printed without the secret, and the user gives it in that form. */
async function keyMeantBy(given: string, open: OpenStore<unknown>): Promise<string> {
  if (!given.includes('[redacted')) {
    return given;
  }
  const { rows } = await open.survey(mostKeys);
  const like = rows.filter(({ key }) => redact(key) === given);
  const [only] = like;
  return only !== undefined && like.length === 1 ? only.key : given;
}

const mostKeys = 1_000_000;
