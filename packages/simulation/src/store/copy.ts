/**
 * The copy of a value that a store keeps, by its JSON, as most stores do. Nodes share no objects: a
 * node that changes a value it got changes no value of others.
 * @throws TypeError for a value that has no JSON
 */
export function copyOf<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return JSON.parse(JSON.stringify(value)) as Value;
}
