import {
  type ExitMessage,
  type ExitReason,
  isPid,
  loggerOf,
  noreply,
  type Process,
} from '@reprise/actor';

import type { BudgetOwner } from '../budget/client-budgets.ts';
import type { PositionOptions } from '../cursor/options.ts';
import type { Answered } from './answers.ts';
import {
  type AnyBehaviour,
  type ErasedBehaviour,
  type ErasedCallback,
  eraseBehaviour,
} from './behaviour.ts';
import { Session } from './session.ts';
import { isTask } from './task.ts';

/** The GenServer behaviour of a client. */
interface ClientServer {
  readonly init: (arg: unknown, self: Process) => Answered;
  readonly handleCall: Clauses | undefined;
  readonly handleCast: Clauses | undefined;
  readonly handleInfo: (message: unknown, session: Session, self: Process) => Answered;
  readonly terminate: (reason: ExitReason, session: Session, self: Process) => unknown;
  readonly formatStatus: (session: Session) => unknown;
}

type Clause = (payload: unknown, session: Session, from: unknown) => Answered;
type Clauses = Readonly<Record<string, Clause>>;

/**
 * The GenServer behaviour of a client, whose state is the session. From outside it has the type of
 * the user's behaviour: it takes the same argument and the same messages, and replies the same.
 */
export function serverOf<B extends AnyBehaviour>(
  given: B,
  position: PositionOptions,
  owner: BudgetOwner,
): B {
  const behaviour = eraseBehaviour(given);
  const server: ClientServer = {
    init: (arg, self) => new Session(behaviour, self, owner).init(arg, position),
    handleCall: mapClauses(
      behaviour.handleCall,
      (clause) => (payload, session, from) => session.answers.handleCall(clause, payload, from),
    ),
    handleCast: mapClauses(
      behaviour.handleCast,
      (clause) => (payload, session) => session.answers.handle(clause, payload),
    ),
    handleInfo: (message, session, self) =>
      isTask(message) ? message.run() : handleInfo(behaviour, message, session, self),
    terminate: (reason, session, self) => terminate(behaviour, reason, session, self),
    formatStatus: ({ answers: { state } }) => behaviour.formatStatus?.(state) ?? state,
  };
  return server as unknown as B;
}

/** The user's clauses, each made a clause of the server. */
function mapClauses(
  clauses: Readonly<Record<string, ErasedCallback>> | undefined,
  map: (clause: ErasedCallback) => Clause,
): Clauses | undefined {
  return clauses === undefined
    ? undefined
    : Object.fromEntries(
        Object.entries(clauses).map(([request, clause]) => [request, map(clause)]),
      );
}

function handleInfo(
  behaviour: ErasedBehaviour,
  message: unknown,
  session: Session,
  self: Process,
): Answered {
  const exited = isExit(message) ? session.exited(message) : undefined;
  if (exited !== undefined) {
    return exited;
  }
  if (behaviour.handleInfo === undefined) {
    loggerOf(self).warn({ message }, `${String(self.pid)} has no handleInfo: message dropped`);
    return noreply(session);
  }
  return session.answers.handle(behaviour.handleInfo, message);
}

/** A message may be anything, also a proxy that is revoked. */
function isExit(message: unknown): message is ExitMessage {
  try {
    const { type, pid } = (message ?? {}) as Partial<ExitMessage>;
    return type === 'EXIT' && isPid(pid);
  } catch {
    return false;
  }
}

/**
 * The connection is closed first; the user's `terminate` runs after the last write of the cursor.
 */
function terminate(
  behaviour: ErasedBehaviour,
  reason: ExitReason,
  session: Session,
  self: Process,
): unknown {
  session.end();
  const finish = (): unknown => behaviour.terminate?.(reason, session.answers.state, self);
  // A write that fails is reported after `terminate`, which may have files and sockets to close.
  return (
    session.flush()?.then(finish, async (error: unknown) => {
      await finish();
      throw error;
    }) ?? finish()
  );
}
