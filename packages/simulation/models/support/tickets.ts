/** How many are left, for several buyers. */
export interface Tickets {
  left: number;
  /** Counts the writes. */
  version: number;
}

/** Takes one ticket, unless another sale has taken one since `seen` was read. */
export function takeTicket(now: Tickets, seen: Tickets): boolean {
  if (now.version !== seen.version) {
    return false;
  }
  now.left = seen.left - 1;
  now.version += 1;
  return true;
}
