/** The options as commander reads them. */
export interface GivenOptions {
  readonly json?: true;
  readonly dataOnly?: true;
  readonly timestamps?: true;
  readonly output?: string;
  readonly quiet?: true;
  readonly count?: string;
  readonly type?: readonly string[];
  readonly until?: string;
  readonly exec?: string;
  readonly retries?: string;
  readonly skipFailed?: true;
  readonly header?: readonly string[];
  readonly bearer?: string;
  readonly method?: string;
  readonly data?: string;
  readonly locationTrusted?: true;
  readonly lastEventId?: string;
  readonly reconnect?: boolean;
  readonly cursor?: string;
  readonly dedupe?: true;
  readonly idleTimeout?: string;
  readonly maxAttempts?: string;
  readonly minDelay?: string;
  readonly maxDelay?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: true;
  readonly servername?: string;
  readonly pin?: string;
  readonly store?: string;
  readonly node?: string;
  readonly workers?: string;
  readonly observer?: boolean | string;
}
