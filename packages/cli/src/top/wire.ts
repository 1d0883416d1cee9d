// The part of an observer's JSON that is shown here.

export interface Hello {
  readonly reader: string;
  readonly name: string;
  readonly host: string;
  readonly osPid: number;
}

export interface TreeRow {
  readonly row: number;
  readonly parent: number;
  readonly id: string;
  readonly type: 'supervisor' | 'worker' | 'process';
  readonly pid?: number;
  readonly state: 'running' | 'restarting' | 'stopped';
  readonly startedAt?: number;
  readonly restarts: number;
  readonly reason?: string;
  readonly nextStartAt?: number;
  readonly supervises?: {
    readonly strategy: string;
    readonly counting: number;
    readonly maxRestarts: number;
  };
}

/** Numbers of a process: its row, messages that wait, messages handled, ms on the thread. */
export type Figures = readonly [
  row: number,
  status: number,
  queue: number,
  handled: number,
  busy: number,
  awaitingSince: number | null,
];

export interface Finding {
  readonly level: 'critical' | 'warning';
  readonly path: string;
  readonly title: string;
  readonly detail: string;
}

export interface Judgement {
  readonly isWell: boolean;
  readonly text: string;
  readonly findings: readonly Finding[];
}

export interface Vitals {
  readonly at: number;
  readonly wall: number;
  readonly processes: number;
  readonly messages: number;
  readonly events: number;
  readonly streams: number;
  readonly connected: number;
  readonly crashes: number;
  readonly loopDelay: number;
}

export interface Stream {
  readonly path: string;
  readonly pid: number;
  readonly state: 'disconnected' | 'connecting' | 'connected';
  readonly since: number;
  readonly failure?: string;
  readonly attempt: number;
  readonly nextAttemptAt?: number;
  readonly heardAt?: number;
  readonly idleTimeout?: number;
  readonly inHandSince?: number;
  readonly lastEventId: string;
  readonly events: number;
  readonly reconnects: number;
}

export interface CrashGroup {
  readonly path: string;
  readonly reason: string;
  readonly count: number;
  readonly lastAt: number;
}

export interface ProcessPage {
  readonly path: string;
  readonly status: string;
  readonly queue: number;
  readonly handled: number;
  readonly awaitedCallback?: string;
  readonly links: readonly Other[];
  readonly monitors: readonly Other[];
  readonly monitoredBy: readonly Other[];
  readonly inHand?: { readonly message?: unknown; readonly callback?: string };
  readonly state?: unknown;
  readonly isStateHidden: boolean;
  readonly lives: readonly { readonly pid: number; readonly reason: string }[];
}

interface Other {
  readonly pid: number;
  readonly path: string;
}

/** The links and the monitors, by the numbers of processes. */
export interface Links {
  readonly links: readonly (readonly [pid: number, other: number])[];
  readonly monitors: readonly (readonly [watcher: number, watched: number])[];
}
