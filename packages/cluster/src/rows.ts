import { describe } from '@reprise/actor/text';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import { shown } from './shown.ts';

/** The data of a row, or why its schema refuses it. */
export type Parsed<Data> = { readonly data: Data } | { readonly issue: string };

/** No more issues of a row are told. */
const mostIssues = 3;
/** In characters. */
const longestIssue = 300;

/**
 * The rows of the table of streams in a store, whose data is checked by a schema: the result of
 * `store.rows(schema)`, for the option `streams`.
 */
export class Rows<out Data> {
  readonly #schema: StandardSchemaV1<unknown, Data>;

  /** @throws TypeError for anything but a Standard Schema */
  constructor(schema: StandardSchemaV1<unknown, Data>) {
    const { '~standard': standard } = (schema ?? {}) as Partial<typeof schema>;
    if (typeof standard?.validate !== 'function') {
      throw new TypeError(
        `Expected a Standard Schema, such as z.object({ … }), got ${describe(schema)}`,
      );
    }
    this.#schema = schema;
  }

  /** Never rejects: a schema that throws refuses. */
  async parse(spec: unknown): Promise<Parsed<Data>> {
    try {
      const result = await this.#schema['~standard'].validate(spec);
      return result.issues === undefined
        ? { data: result.value }
        : { issue: shown(result.issues.slice(0, mostIssues).map(textOf).join('; '), longestIssue) };
    } catch (error) {
      return { issue: shown(`the schema has thrown ${describe(error)}`, longestIssue) };
    }
  }
}

function textOf({ path = [], message }: StandardSchemaV1.Issue): string {
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return names.length === 0 ? message : `${names.join('.')}: ${message}`;
}
