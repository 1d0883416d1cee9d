import type {
  Claim,
  FreeStream,
  NodeRow,
  OwnedStream,
  ParkedStream,
  StreamRow,
  StreamTable,
  SurveyedNode,
  TableRow,
} from '../store.ts';

/** A node as its row has it: SQLite has no booleans. */
export interface NodeRecord extends Omit<NodeRow, 'draining'> {
  readonly draining: number;
}

export interface SurveyedRecord extends NodeRecord, Pick<SurveyedNode, 'sinceRenewal'> {}

export interface FreeRecord extends OwnedStream {
  readonly strikes: number;
  /** Of its owner, in ms since 1970. */
  readonly buriedAt: number | null;
}

export interface ParkedRecord extends Omit<ParkedStream, 'retryIn'> {
  readonly retryIn: number | null;
}

export interface StreamRecord extends Omit<StreamRow, 'owner' | 'parked' | 'retryIn'> {
  readonly owner: string | null;
  readonly parked: string | null;
  readonly retryIn: number | null;
}

export interface ClaimRecord extends Omit<Claim, 'recent'> {
  readonly recent: string | null;
}

/** The table of streams, its rows as JSON. */
export interface TableRecord {
  readonly version: string;
  /** How many triggers of the table there are. */
  readonly triggers: number;
  readonly rows: string;
}

/** For rows that are inserted, updated and deleted. */
const triggersOfList = 3;

export function nodeOf<Record extends NodeRecord>(
  record: Record,
): Omit<Record, 'draining'> & NodeRow {
  return { ...record, draining: record.draining !== 0 };
}

export function freeOf({ key, epoch, strikes, buriedAt }: FreeRecord, now: number): FreeStream {
  return { key, epoch, strikes, deadFor: buriedAt === null ? 0 : Math.max(1, now - buriedAt) };
}

export function claimOf(record: ClaimRecord): Claim {
  return { ...record, recent: record.recent ?? undefined };
}

export function parkedOf({ key, strikes, reason, retryIn }: ParkedRecord): ParkedStream {
  return { key, strikes, reason, retryIn: retryIn ?? undefined };
}

export function streamOf({ owner, parked, retryIn, ...record }: StreamRecord): StreamRow {
  return {
    ...record,
    owner: owner ?? undefined,
    parked: parked ?? undefined,
    retryIn: retryIn ?? undefined,
  };
}

/** @throws Error if nothing counts the changes of the table */
export function tableOf(record: TableRecord | undefined): StreamTable {
  if (record === undefined || record.triggers < triggersOfList) {
    throw new Error(
      'Expected the table reprise_streams with its three triggers, and a row in reprise_list where they count its changes, got one without: sqliteSql() has them',
    );
  }
  return { version: record.version, rows: JSON.parse(record.rows) as readonly TableRow[] };
}
