/** A node that may own streams. */
export interface Owner {
  readonly id: string;
  readonly name: string;
  readonly weight: number;
  /** How many it owns. */
  readonly owned: number;
  /** It gets none beside those that it has: its thread is busy, and another node has time. */
  readonly isFull: boolean;
}

interface Quota {
  readonly owner: Owner;
  readonly floor: number;
  readonly rest: number;
}

/**
 * How many of `total` streams each node is to own, by id: in proportion to its weight, rounded down
 * or up. What is left over by rounding down goes to the nodes that have more already, so that
 * nothing moves without need; then to the largest remainders.
 */
export function sharesOf(owners: readonly Owner[], total: number): ReadonlyMap<string, number> {
  const shares = evenShares(owners, total);
  const capped = owners.filter(({ id, owned, isFull }) => isFull && (shares.get(id) ?? 0) > owned);
  if (capped.length === 0) {
    return shares;
  }
  const kept = capped.reduce((sum, { owned }) => sum + owned, 0);
  const others = owners.filter((owner) => !capped.includes(owner));
  return new Map([
    ...capped.map(({ id, owned }) => [id, owned] as const),
    ...sharesOf(others, total - kept),
  ]);
}

function evenShares(owners: readonly Owner[], total: number): ReadonlyMap<string, number> {
  const weights = owners.reduce((sum, { weight }) => sum + weight, 0);
  const quotas = owners.map((owner) => quotaOf(owner, (total * owner.weight) / weights));
  const left = total - quotas.reduce((sum, { floor }) => sum + floor, 0);
  const rounded = quotas.filter(({ rest }) => rest > 0).toSorted(byClaim);
  const up = new Set(rounded.slice(0, left));
  return new Map(
    quotas.map((quota) => [quota.owner.id, quota.floor + (up.has(quota) ? 1 : 0)] as const),
  );
}

function quotaOf(owner: Owner, exact: number): Quota {
  // Three times a third of 9 may be less than 9.
  const floor = Math.floor(exact + rounding);
  return { owner, floor, rest: exact - floor > rounding ? exact - floor : 0 };
}

const rounding = 1e-6;

function byClaim(a: Quota, b: Quota): number {
  return (
    b.owner.owned - b.floor - (a.owner.owned - a.floor) ||
    b.rest - a.rest ||
    (a.owner.name < b.owner.name ? -1 : 1)
  );
}
