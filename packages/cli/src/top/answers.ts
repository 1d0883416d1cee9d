import type { CrashGroup, Judgement, Links, TreeRow } from '@reprise/observer/wire';

/** The answer of an observer to one look. */
export interface Overview extends Judgement {
  readonly look: unknown;
}

/** Data that no observer sends: another program answers. */
export class OtherDataError extends Error {}

/** The answers of an observer, by the paths that are asked for. */
export interface Answers {
  readonly 'api/overview': Overview;
  readonly 'api/tree': { readonly rows: readonly TreeRow[] };
  readonly 'api/links': Links;
  readonly 'api/crashes': readonly CrashGroup[];
}

/** Whether an answer has all that is read of it. */
export const answers: {
  readonly [Path in keyof Answers]: (value: unknown) => value is Answers[Path];
} = {
  'api/overview': (value): value is Overview => isJudgement(value),
  'api/tree': (value): value is Answers['api/tree'] => isListOf(fieldsOf(value)['rows'], isRow),
  'api/links': (value): value is Links =>
    isListOf(fieldsOf(value)['links'], Array.isArray) &&
    isListOf(fieldsOf(value)['monitors'], Array.isArray),
  'api/crashes': (value): value is readonly CrashGroup[] =>
    isListOf(value, ({ path, reason }) => isText(path) && isText(reason)),
};

/**
 * The data of an event of `api/live`.
 * @throws OtherDataError if it is none
 */
export function eventIn(type: string, data: string): unknown {
  try {
    const value: unknown = JSON.parse(data);
    if (events[type]?.(fieldsOf(value)) !== false) {
      return value;
    }
  } catch {
    // No JSON.
  }
  throw new OtherDataError();
}

type Fields = Readonly<Record<string, unknown>>;

const events: Readonly<Record<string, (value: Fields) => boolean>> = {
  hello: ({ name, host }) => isText(name) && isText(host),
  snapshot: (value) => isListOf(value, isRow),
  changes: ({ rows, removed }) => isListOf(rows, isRow) && Array.isArray(removed),
  rows: ({ at, rows }) => isNumber(at) && isListOf(rows, Array.isArray),
  streams: (value) => isListOf(value, ({ path, state }) => isText(path) && isText(state)),
  vitals: ({ at, wall }) => isNumber(at) && isNumber(wall),
  findings: isJudgement,
};

function isJudgement(value: unknown): boolean {
  const { findings, isWell, text } = fieldsOf(value);
  const isFinding = ({ title, detail }: Fields): boolean => isText(title) && isText(detail);
  return isListOf(findings, isFinding) && typeof isWell === 'boolean' && isText(text);
}

function isRow({ row, id }: Fields): boolean {
  return isNumber(row) && isText(id);
}

function isListOf(value: unknown, isItem: (item: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isItem(fieldsOf(item)));
}

function fieldsOf(value: unknown): Fields {
  return Object(value) as Fields;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
