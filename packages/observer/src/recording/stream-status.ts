/** The part of `SseClient.Status` that is used here; see `StreamFact`. */
export interface StreamStatus {
  readonly state: 'disconnected' | 'connecting' | 'connected';
  readonly since: number;
  readonly url: string | undefined;
  readonly lastByteAt: number | undefined;
  readonly idleTimeout: number | undefined;
  readonly lastEventAt: number | undefined;
  readonly lastEventId: string;
  readonly kept: string | undefined;
  readonly unwritten: number;
  readonly attempt: number;
  readonly nextAttemptAt: number | undefined;
  readonly waitsForTurn: boolean;
  readonly bytes: number;
  readonly events: number;
  readonly connectionEvents: number;
  readonly unhandled: number;
  readonly repeats: number;
  readonly reconnects: number;
  readonly connectFailures: Readonly<Record<string, number>>;
  readonly disconnects: Readonly<Record<string, number>>;
  readonly lastFailure: { readonly type: string } | undefined;
  readonly awaiting: readonly { readonly type: string; readonly since: number }[];
}
