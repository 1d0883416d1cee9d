import { readFileSync } from 'node:fs';

/** The tested clients, each a program in `contender/`. */
export interface Contender {
  readonly name: string;
  /** The package it comes from. */
  readonly package: string;
  readonly title: string;
  /** Its option for a silent stream. Default: none. */
  readonly againstSilence?: string;
}

export const contenders: readonly Contender[] = [
  {
    name: 'reprise',
    package: '@reprise/sse',
    title: 'Reprise',
    againstSilence: 'idleTimeout',
  },
  { name: 'eventsource', package: 'eventsource', title: 'eventsource' },
  { name: 'eventsource-client', package: 'eventsource-client', title: 'eventsource-client' },
  {
    name: 'launchdarkly-eventsource',
    package: 'launchdarkly-eventsource',
    title: 'launchdarkly',
    againstSilence: 'readTimeoutMillis',
  },
  {
    name: 'undici',
    package: 'undici',
    title: 'undici',
    againstSilence: 'bodyTimeout',
  },
  {
    name: 'event-source-plus',
    package: 'event-source-plus',
    title: 'event-source-plus',
    againstSilence: 'documented recipe',
  },
  {
    name: 'fetch-event-source',
    package: '@microsoft/fetch-event-source',
    title: 'fetch-event-source',
  },
];

/** `undefined` where it is not installed. */
export function versionOf(contender: Contender): string | undefined {
  const manifest = new URL(`../node_modules/${contender.package}/package.json`, import.meta.url);
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}
