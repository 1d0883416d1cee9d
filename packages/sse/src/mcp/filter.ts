import { assertKnownKeys, type KeysOf } from '@reprise/actor/options';
import { describe } from '@reprise/actor/text';

import { fieldOf } from './json-rpc.ts';

/**
 * The notifications that a listener asks for.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions
 */
export interface SubscriptionFilter {
  /** `notifications/tools/list_changed`. */
  readonly toolsListChanged?: boolean;
  /** `notifications/prompts/list_changed`. */
  readonly promptsListChanged?: boolean;
  /** `notifications/resources/list_changed`. */
  readonly resourcesListChanged?: boolean;
  /** The URIs of the resources whose `notifications/resources/updated` it asks for. */
  readonly resourceSubscriptions?: readonly string[];
}

/** A notification of a server, as it came. */
export type ChangeNotification =
  | {
      readonly method:
        | 'notifications/tools/list_changed'
        | 'notifications/prompts/list_changed'
        | 'notifications/resources/list_changed';
    }
  | {
      readonly method: 'notifications/resources/updated';
      /** The URI can be that of a part of the resource. */
      readonly params: { readonly uri: string };
    };

type ListFilter = Exclude<keyof SubscriptionFilter, 'resourceSubscriptions'>;

const lists: Readonly<Record<ListFilter, { readonly kind: string; readonly method: string }>> = {
  toolsListChanged: { kind: 'tools', method: 'notifications/tools/list_changed' },
  promptsListChanged: { kind: 'prompts', method: 'notifications/prompts/list_changed' },
  resourcesListChanged: { kind: 'resources', method: 'notifications/resources/list_changed' },
};

const listFilters = Object.keys(lists) as readonly ListFilter[];

const filterKeys: KeysOf<SubscriptionFilter> = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: true,
};

/** @throws TypeError for anything but a filter that asks for something. */
export function assertFilter(filter: SubscriptionFilter): void {
  assertKnownKeys('notifications', filter, filterKeys);
  for (const name of listFilters) {
    const value: unknown = filter[name] ?? false;
    if (typeof value !== 'boolean') {
      throw new TypeError(`Expected ${name} to be true or false, got ${describe(value)}`);
    }
  }
  const uris: unknown = filter.resourceSubscriptions ?? [];
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string')) {
    throw new TypeError(`Expected resourceSubscriptions to be URIs, got ${describe(uris)}`);
  }
  if (isEmpty(filter)) {
    throw new TypeError('Expected notifications to ask for one kind at least, got none');
  }
}

/** The filter that a server acknowledges. */
export function filterIn(value: unknown): SubscriptionFilter {
  return typeof value === 'object' && value !== null ? value : {};
}

export function isEmpty({ resourceSubscriptions = [], ...filter }: SubscriptionFilter): boolean {
  return resourceSubscriptions.length === 0 && !Object.values(filter).includes(true);
}

/** The part of a filter that a server offers, by the capabilities that it declared. */
export function offeredBy(capabilities: unknown, filter: SubscriptionFilter): SubscriptionFilter {
  const { resourceSubscriptions = [] } = filter;
  const offered = listFilters.filter(
    (name) =>
      filter[name] === true &&
      fieldOf(fieldOf(capabilities, lists[name].kind), 'listChanged') === true,
  );
  const canSubscribe = fieldOf(fieldOf(capabilities, 'resources'), 'subscribe') === true;
  return {
    ...Object.fromEntries(offered.map((name) => [name, true])),
    ...(canSubscribe && resourceSubscriptions.length > 0 ? { resourceSubscriptions } : {}),
  };
}

/** Whether a message is a notification that the filter asks for: old servers send others too. */
export function isWanted(
  message: { readonly method?: unknown; readonly params?: unknown },
  filter: SubscriptionFilter,
): message is ChangeNotification {
  const { method, params } = message;
  const { resourceSubscriptions = [] } = filter;
  return method === 'notifications/resources/updated'
    ? resourceSubscriptions.length > 0 && typeof fieldOf(params, 'uri') === 'string'
    : listFilters.some((name) => filter[name] === true && lists[name].method === method);
}
