import { describe } from '@reprise/actor/text';
import type { StandardSchemaV1 } from '@standard-schema/spec';

import type { ServerSentEvent } from './event.ts';
import type { Maybe } from './maybe.ts';

/**
 * A schema for the data of each type of event, from any library that follows Standard Schema (zod,
 * valibot, arktype, …). The data is parsed as JSON, then checked and transformed by the schema.
 * @see https://standardschema.dev
 */
export type EventSchemas = Readonly<Record<string, StandardSchemaV1>>;

/** An event that fits its schema, as a union over `type`; `data` is the output of the schema. */
export type TypedEvent<Schemas extends EventSchemas> = {
  readonly [Type in keyof Schemas & string]: Omit<ServerSentEvent, 'type' | 'data'> & {
    readonly type: Type;
    readonly data: StandardSchemaV1.InferOutput<Schemas[Type]>;
  };
}[keyof Schemas & string];

/** No schemas: events as they are. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- an object without schemas
export type NoSchemas = Record<never, never>;

/** The events that fit these schemas; without schemas, events as they are. */
export type EventOf<Schemas extends EventSchemas> = [keyof Schemas] extends [never]
  ? ServerSentEvent
  : TypedEvent<Schemas>;

/**
 * Either schemas with a handler of the events that fit none, or neither of the two. One type for
 * both cases: of overloads, TypeScript shows the error of the last alone.
 */
export type SchemaOptions<Schemas extends EventSchemas, Context> = {
  readonly events?: Schemas;
} & ([keyof Schemas] extends [never]
  ? { readonly handleInvalid?: never }
  : { readonly handleInvalid: TypedHandlers<Schemas, Context>['handleInvalid'] });

/** An event that fits no schema, and the reason. */
export type InvalidEvent =
  /** There is no schema for its type. */
  | { readonly type: 'unknownType'; readonly event: ServerSentEvent }
  /** Its data is not JSON. */
  | { readonly type: 'json'; readonly event: ServerSentEvent; readonly error: SyntaxError }
  /** The schema of its type refuses its data. */
  | {
      readonly type: 'schema';
      readonly event: ServerSentEvent;
      readonly issues: readonly StandardSchemaV1.Issue[];
    };

/** The schemas, and the handlers of events that fit them and of events that do not. */
export interface TypedHandlers<Schemas extends EventSchemas, Context> {
  readonly events: Schemas;
  readonly handle: (event: TypedEvent<Schemas>, context: Context) => Maybe<void>;
  readonly handleInvalid: (invalid: InvalidEvent, context: Context) => Maybe<void>;
}

/**
 * A handler that parses and checks each event, and calls one of two handlers with it. It returns a
 * promise only if a schema or a handler does.
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
    const check = (result: StandardSchemaV1.Result<unknown>): Maybe<void> =>
      result.issues === undefined
        ? handle({ ...event, data: result.value } as TypedEvent<Schemas>, context)
        : handleInvalid({ type: 'schema', event, issues: result.issues }, context);
    const result = read.schema['~standard'].validate(read.value);
    return isThenable(result) ? result.then(check) : check(result);
  };
}

/** @throws TypeError if one of them is not a schema. */
export function assertSchemas(events: EventSchemas): void {
  if (typeof events !== 'object' || events === null || Array.isArray(events)) {
    throw new TypeError(
      `Expected events to be an object with a schema for each type, got ${describe(events)}`,
    );
  }
  for (const [type, schema] of Object.entries(events)) {
    if (typeof schema?.['~standard']?.validate !== 'function') {
      throw new TypeError(
        `Expected events.${type} to be a schema that follows Standard Schema, got ${describe(schema)}`,
      );
    }
  }
}

function readData(
  schemas: EventSchemas,
  event: ServerSentEvent,
): { readonly schema: StandardSchemaV1; readonly value: unknown } | InvalidEvent {
  // The server chooses the type, and could name a property that every object inherits.
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

/** A schema may answer with a promise of its own kind. */
function isThenable<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return typeof (value as { readonly then?: unknown }).then === 'function';
}
