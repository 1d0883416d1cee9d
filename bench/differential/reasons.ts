import {
  crash,
  type ExitReason,
  kill,
  killed,
  normal,
  shutdown,
  shutdownWith,
} from '@reprise/actor';

/** The names of the reasons in a program. */
export const reasonNames = ['normal', 'shutdown', 'down', 'kill', 'killed', 'boom'] as const;
export type ReasonName = (typeof reasonNames)[number];

const reasons: Readonly<Record<ReasonName | 'gone', ExitReason>> = {
  normal,
  shutdown,
  down: shutdownWith('x'),
  kill,
  killed,
  boom: crash('boom'),
  gone: crash('gone'),
};

export function reasonOf(name: string): ExitReason {
  return reasons[name as ReasonName];
}

/** A reason as the interpreter in Erlang writes it. */
export function format(reason: ExitReason): string {
  switch (reason.type) {
    case 'crash':
      return reason.error instanceof Error ? `error ${reason.error.message}` : String(reason.error);
    case 'nocatch':
      return `nocatch ${String(reason.value)}`;
    case 'shutdown':
      return reason.detail === undefined ? 'shutdown' : `shutdown ${detail(reason.detail)}`;
    case 'failedToStartChild':
      return `failed ${reason.id} ${format(reason.reason)}`;
    default:
      return reason.type;
  }
}

function detail(value: unknown): string {
  return typeof value === 'object' && value !== null && 'type' in value
    ? format(value as ExitReason)
    : String(value);
}
