import type { OpenStore, Store, StoreKind } from '../../src/index.ts';

type Intercept = (
  name: keyof OpenStore<never>,
  args: readonly unknown[],
  run: () => unknown,
) => unknown;

/** A store of whose requests the test hears, and which it may answer in place of the store. */
export function intercepted<Tx, Kind extends StoreKind>(
  store: Store<Tx, Kind>,
  intercept: Intercept,
): Store<Tx, Kind> {
  return {
    kind: store.kind,
    rows: (schema) => store.rows(schema),
    open: async (options) => through(await store.open(options), intercept),
  };
}

function through<Tx>(open: OpenStore<Tx>, intercept: Intercept): OpenStore<Tx> {
  return new Proxy(open, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function'
        ? async (...args: readonly unknown[]): Promise<unknown> =>
            intercept(name as keyof OpenStore<never>, args, () => value.apply(target, args))
        : value;
    },
  });
}
