import type { ChildOptions, ChildSpec, Pid } from '@reprise/actor';
import { partOf } from '@reprise/actor/options';

import { childSpec, type StartOptions } from '../client/client.ts';
import type { HandleContext } from '../client/context.ts';
import {
  type EventOf,
  type EventSchemas,
  type NoSchemas,
  type SchemaOptions,
  typedHandler,
} from '../format/typed-events.ts';
import { isSentAgain } from '../http/resend.ts';
import { type BatchOptions, isBatched } from './batch-options.ts';
import { behaviourFor } from './behaviour.ts';
import {
  type AnyOptions,
  assertOptions,
  clientKeys,
  type HandleFailed,
  type ResilientOptions,
} from './options.ts';

export type {
  BatchedResilientOptions,
  FailedAnswer,
  FailedContext,
  ResilientOptions,
  StatusChange,
  TypedResilientOptions,
} from './options.ts';

/**
 * A client for most programs, as the spec of a child for a supervisor. It reconnects with growing,
 * jittered delays, resumes after the last handled event, notices silence, and ends with an error
 * when no further attempt can help. All times are in ms.
 *
 * `restart` is `'transient'` by default: the supervisor restarts the client after an abnormal end
 * only. A client that does not send its request again (`reconnect`) is `'temporary'`: never
 * restarted.
 * @throws TypeError or RangeError for options that can never work, such as a URL of another scheme;
 * the results of functions are checked at each attempt.
 * @see WHATWG HTML 9.2.3 (reconnecting), RFC 9110 10.2.3 (Retry-After)
 * @example
 * ```ts
 * import { createSystem, SseClient, Supervisor } from '@reprise/sse';
 * import { chaos, inOrder } from '@reprise/sse/testing';
 *
 * const server = await chaos({ plan: inOrder([]), eventsPerSecond: 0 });
 * const prices = server.stream('prices');
 * const system = createSystem();
 * const handled = Promise.withResolvers<string>();
 * await Supervisor.startLink(system, {
 *   strategy: 'oneForOne',
 *   children: [
 *     SseClient.resilient({
 *       id: 'prices',
 *       url: prices.url,
 *       handle: async ({ lastEventId }) => handled.resolve(lastEventId),
 *     }),
 *   ],
 * });
 * prices.produce(1);
 * console.log((await handled.promise) === prices.produced[0]); // true
 *
 * await system.stop();
 * await server.close();
 * ```
 */
export function resilient<const Id extends string, Schemas extends EventSchemas = NoSchemas>(
  options: Omit<ResilientOptions<Id>, 'handle' | 'handleFailed'> &
    Handlers<NoInfer<Schemas>> &
    SchemaOptions<Schemas, HandleContext>,
): ChildSpec<Id, Pid> {
  return specOf(options as AnyOptions<Id>);
}

/** One handler: of each event, or of many at once. */
type Handlers<Schemas extends EventSchemas> =
  | {
      readonly handle: (event: EventOf<Schemas>, context: HandleContext) => void | Promise<void>;
      readonly handleFailed?: HandleFailed;
      readonly handleBatch?: never;
      readonly maxBatch?: never;
    }
  | (BatchOptions & {
      readonly handle?: never;
      readonly handleFailed?: never;
      readonly events?: never;
    });

function specOf<Id extends string>(options: AnyOptions<Id>): ChildSpec<Id, Pid> {
  assertOptions(options);
  const restart = isSentAgain(options) ? 'transient' : 'temporary';
  const given: ResilientOptions = { ...options, handle: handleOf(options) };
  const client = partOf<ChildOptions<Id> & StartOptions>(options, clientKeys);
  return childSpec(behaviourFor(given), given, { restart, ...client });
}

function handleOf(options: AnyOptions): ResilientOptions['handle'] {
  if (isBatched(options)) {
    const { handleBatch } = options;
    // An event that is handled alone, after a gap.
    return (event, context) => handleBatch([event], context);
  }
  return 'events' in options ? typedHandler(options) : options.handle;
}
