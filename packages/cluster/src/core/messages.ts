import type {
  Claim,
  DeclaredStream,
  FreeStream,
  Held,
  JoiningNode,
  NodeFacts,
  NodeRow,
  Outcome,
  OwnedStream,
  SavedRow,
  SeenNode,
  View,
} from '../store.ts';

/** The requests that a node makes of its store. */
export type Request =
  | { readonly type: 'join'; readonly node: JoiningNode; readonly renewal: string }
  | { readonly type: 'declare'; readonly streams: readonly DeclaredStream[] }
  | {
      readonly type: 'renew';
      readonly id: string;
      readonly renewal: string;
      readonly facts: NodeFacts;
    }
  | { readonly type: 'watch' }
  | {
      readonly type: 'observe';
      readonly id: string;
      readonly dead: readonly SeenNode[];
      readonly held: Held;
    }
  | { readonly type: 'claim'; readonly id: string; readonly wanted: readonly FreeStream[] }
  | { readonly type: 'release'; readonly id: string; readonly rows: readonly SavedRow[] }
  | { readonly type: 'leave'; readonly id: string };

/** What a node is to do, in this order. */
export type NodeAction =
  /** Ask the store; the answer is an event with the time of the sending. */
  | { readonly type: 'ask'; readonly request: Request }
  /** Start the client of this stream. */
  | { readonly type: 'start'; readonly claim: Claim }
  /** Stop it: in order, with its last cursor in `stopped`; or at once, since it is another's. */
  | {
      readonly type: 'stop';
      readonly stream: OwnedStream;
      readonly how: 'inOrder' | 'atOnce';
    }
  /** The lease is over: kill all streams before anything else. */
  | { readonly type: 'fence'; readonly reason: string }
  /** Call `tick` at this time of the monotonic clock, or before. */
  | { readonly type: 'wake'; readonly at: number }
  | { readonly type: 'warn'; readonly text: string }
  /** The node was woken so many ms late: told at most once in 10 s. */
  | { readonly type: 'late'; readonly ms: number }
  /** Another process that is alive has the name of this node. */
  | { readonly type: 'refuse'; readonly holder: NodeRow }
  /** The node has left: nothing runs here any more. */
  | { readonly type: 'left' };

/** The times at which an event happens, by the clocks of this node, in ms. */
export interface Now {
  /** Of the monotonic clock. */
  readonly now: number;
  /** Of the wall clock: a machine that slept stands still on one of the two. */
  readonly date: number;
}

/**
 * What happens to a node. `sentAt` is when the request of an answer was sent. Each request is
 * followed by its answer or by `failed`, also after a `fence`: the next life waits for that.
 */
export type NodeEvent =
  | { readonly type: 'tick' }
  /**
   * The streams that it may own. `changed`: those that are to start anew, with other data. `specs`:
   * a short text for each key, which changes with the data of the stream.
   */
  | {
      readonly type: 'listed';
      readonly keys: readonly string[];
      readonly changed?: readonly string[];
      readonly specs?: ReadonlyMap<string, string>;
    }
  | { readonly type: 'drain' }
  /** Answers of the store. */
  | { readonly type: 'joined'; readonly sentAt: Now; readonly holder: NodeRow | undefined }
  /**
   * From now on a view has all that is listed. `isComplete`: each row has the spec of this node;
   * otherwise others were changing some.
   */
  | { readonly type: 'declared'; readonly isComplete: boolean }
  | { readonly type: 'renewed'; readonly sentAt: Now; readonly isGood: boolean }
  | { readonly type: 'watched'; readonly nodes: readonly NodeRow[] }
  | { readonly type: 'viewed'; readonly view: View }
  | { readonly type: 'claimed'; readonly claims: readonly Claim[] }
  | { readonly type: 'released'; readonly keys: readonly string[] }
  | { readonly type: 'left' }
  | { readonly type: 'failed'; readonly request: Request['type']; readonly error: unknown }
  /** A client has stopped, by itself or as asked; it handles nothing any more. */
  | {
      readonly type: 'stopped';
      readonly stream: OwnedStream;
      readonly outcome: Outcome;
      /** For people: why it has crashed, has given up or has ended. */
      readonly reason?: string;
      /** When it handled its first event since its start; `Infinity` if that had not settled. */
      readonly firstHandledAt?: number | undefined;
      readonly cursor?: string;
      readonly recent?: string;
    }
  /** A write of this stream was refused. */
  | { readonly type: 'refused'; readonly stream: OwnedStream };
