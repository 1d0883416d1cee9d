/**
 * What a store keeps of a value: its JSON, as most stores do. Nodes share no objects: one that
 * changes a value it got changes nothing of others.
 * @throws TypeError for a value that has no JSON
 */
export function copyOf<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return JSON.parse(JSON.stringify(value)) as Value;
}
