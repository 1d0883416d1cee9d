import type { StandardSchemaV1 } from '@standard-schema/spec';

import type { ServerSentEvent } from './event.ts';

/**
 * What the data of each type of event looks like, by a schema of any library that follows Standard
 * Schema (zod, valibot, arktype, …): the data is parsed as JSON, then checked and transformed by
 * it.
 * @see https://standardschema.dev
 */
export type EventSchemas = Readonly<Record<string, StandardSchemaV1>>;

/**
 * One of the events that the schemas describe, to be told apart by `type`: as it came, but for its
 * parsed data.
 */
export type TypedEvent<Schemas extends EventSchemas> = {
  readonly [Type in keyof Schemas & string]: Omit<ServerSentEvent, 'type' | 'data'> & {
    readonly type: Type;
    readonly data: StandardSchemaV1.InferOutput<Schemas[Type]>;
  };
}[keyof Schemas & string];

/** An event that is not what the schemas say, as it came, and what is wrong with it. */
export type InvalidEvent =
  /** There is no schema for its type. */
  | { readonly type: 'unknownType'; readonly event: ServerSentEvent }
  /** Its data is no JSON. */
  | { readonly type: 'json'; readonly event: ServerSentEvent; readonly error: SyntaxError }
  /** Its data is not what the schema of its type asks for. */
  | {
      readonly type: 'schema';
      readonly event: ServerSentEvent;
      readonly issues: readonly StandardSchemaV1.Issue[];
    };

type Maybe<Value> = Value | Promise<Value>;

/**
 * What is done with events that are typed, and with those that turn out not to be what they should.
 */
export interface TypedHandlers<Schemas extends EventSchemas, Context> {
  readonly events: Schemas;
  readonly handle: (event: TypedEvent<Schemas>, context: Context) => Maybe<void>;
  readonly handleInvalid: (invalid: InvalidEvent, context: Context) => Maybe<void>;
}

/**
 * A handler of events as they come that gives each to one of two, parsed or not. A promise is made
 * only where a schema or a handler makes one.
 */
export function typedHandler<Schemas extends EventSchemas, Context>({
  events,
  handle,
  handleInvalid,
}: TypedHandlers<Schemas, Context>): (event: ServerSentEvent, context: Context) => Maybe<void> {
  return (event, context) => {
    const read = readData(events, event);
    if ('type' in read) {
      return handleInvalid(read, context);
    }
    const judge = (result: StandardSchemaV1.Result<unknown>): Maybe<void> =>
      result.issues === undefined
        ? handle({ ...event, data: result.value } as TypedEvent<Schemas>, context)
        : handleInvalid({ type: 'schema', event, issues: result.issues }, context);
    const result = read.schema['~standard'].validate(read.value);
    return result instanceof Promise ? result.then(judge) : judge(result);
  };
}

/** @throws TypeError where one of them is no schema. */
export function assertSchemas(events: EventSchemas): void {
  for (const [type, schema] of Object.entries(events)) {
    if (typeof schema?.['~standard']?.validate !== 'function') {
      throw new TypeError(
        `Expected events.${type} to be a schema that follows Standard Schema, got ${typeof schema}`,
      );
    }
  }
}

function readData(
  schemas: EventSchemas,
  event: ServerSentEvent,
): { readonly schema: StandardSchemaV1; readonly value: unknown } | InvalidEvent {
  // The server names the type: only what the user wrote himself is a schema, and not what every
  // object inherits.
  const schema = Object.hasOwn(schemas, event.type) ? schemas[event.type] : undefined;
  if (schema === undefined) {
    return { type: 'unknownType', event };
  }
  try {
    return { schema, value: JSON.parse(event.data) };
  } catch (error) {
    return { type: 'json', event, error: error as SyntaxError };
  }
}
