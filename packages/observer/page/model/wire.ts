// What the server tells, as JSON. The types are those of src/live and src/judge, where a value that
// is `undefined` there is absent here.
export type { Change, ToldHour } from '../../src/live/change.ts';

export interface Hello {
  readonly reader: string;
  readonly epoch: string;
  readonly name: string;
  readonly host: string;
  readonly osPid: number;
  readonly now: number;
  readonly wall: number;
  readonly since: number;
  /** The folder that the program was started in. */
  readonly folder: string;
  /** What may be done to processes from the page. */
  readonly actions: readonly string[];
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
  readonly restart?: string;
  readonly reason?: string;
  readonly nextStartAt?: number;
  readonly delay?: number;
  readonly supervises?: {
    readonly strategy: string;
    readonly isDynamic: boolean;
    readonly counting: number;
    readonly maxRestarts: number;
    readonly maxSeconds: number;
  };
}

export type Figures = readonly [
  row: number,
  status: number,
  queue: number,
  handled: number,
  busy: number,
  awaitingSince: number | null,
];

export interface Finding {
  readonly id: string;
  readonly type: string;
  readonly level: 'critical' | 'warning';
  readonly path: string;
  readonly title: string;
  readonly detail: string;
  readonly since: number;
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
  readonly rows: number;
  readonly messages: number;
  readonly longest?: { readonly path: string; readonly messages: number };
  readonly handled: number;
  readonly events: number;
  readonly bytes: number;
  readonly streams: number;
  readonly connected: number;
  readonly crashes: number;
  readonly lastSlow?: { readonly at: number; readonly path: string; readonly text: string };
  readonly loopDelay: number;
  readonly cpu: number;
  readonly heapUsed: number;
  readonly heapTotal: number;
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
  readonly usualGap?: number;
  readonly inHandSince?: number;
  readonly unhandled: number;
  readonly lastEventId: string;
  readonly kept?: string;
  readonly unwritten: number;
  readonly events: number;
  readonly bytes: number;
  readonly reconnects: number;
}

export interface Phase {
  readonly type: 'connected' | 'connecting' | 'waiting';
  readonly from: number;
  readonly to?: number;
  readonly reason?: string;
}

export interface Lane {
  readonly path: string;
  readonly pid?: number;
  readonly phases: readonly Phase[];
  readonly ignored: readonly { readonly at: number; readonly text: string }[];
}

export interface CrashReport {
  readonly at: number;
  readonly process: string;
  readonly reason: string;
  readonly stack?: string;
  readonly message?: string;
  readonly state?: string;
  readonly takenAlong: readonly string[];
}

export interface CrashGroup {
  readonly path: string;
  readonly kind: 'exit' | 'start' | 'gaveUp';
  readonly reason: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly first: CrashReport;
  readonly last: CrashReport;
}

export interface PastTree {
  readonly id: string;
  readonly pid?: number;
  readonly startedAt?: number;
  readonly children: readonly PastTree[];
}

export interface Other {
  readonly pid: number;
  readonly path: string;
}

export interface EndedLife {
  readonly path?: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly handled: number;
  readonly reason: string;
}

export interface ProcessPage {
  readonly path: string;
  readonly pid: number;
  readonly name?: string;
  readonly status: string;
  readonly queue: number;
  readonly handled: number;
  readonly busy: number;
  readonly awaitingSince?: number;
  readonly awaitedCallback?: string;
  readonly trapExit: boolean;
  readonly dropped?: number;
  readonly links: readonly Other[];
  readonly monitors: readonly Other[];
  readonly monitoredBy: readonly Other[];
  readonly inHand?: {
    readonly message?: unknown;
    readonly callback?: string;
    readonly since?: number;
  };
  readonly state?: unknown;
  readonly isStateHidden: boolean;
  readonly lives: readonly EndedLife[];
}
