declare module 'launchdarkly-eventsource' {
  interface Options {
    readonly headers?: Readonly<Record<string, string>>;
    readonly readTimeoutMillis?: number;
    readonly initialRetryDelayMillis?: number;
    readonly maxBackoffMillis?: number;
    readonly retryResetIntervalMillis?: number;
    readonly jitterRatio?: number;
  }

  export class EventSource {
    constructor(url: string, options?: Options);
    readonly readyState: number;
    onmessage: (event: unknown) => void;
    onerror: (error: { readonly status?: number; readonly message?: string }) => void;
  }
}
