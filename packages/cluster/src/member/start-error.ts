import type { ExitReason } from '@reprise/actor';

/** The cluster refuses to start: the store or the other nodes do not allow it. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** Whether a cluster has refused to start, somewhere below the process with this exit reason. */
export function isRefusal(reason: ExitReason): boolean {
  switch (reason.type) {
    case 'crash':
      return reason.error instanceof StartError;
    case 'failedToStartChild':
      return isRefusal(reason.reason);
    case 'shutdown': {
      const { type } = (reason.detail ?? {}) as Partial<ExitReason>;
      return type === 'failedToStartChild' && isRefusal(reason.detail as ExitReason);
    }
    default:
      return false;
  }
}
