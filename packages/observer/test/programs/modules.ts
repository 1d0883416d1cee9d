/** Prints the packages that the entries named in the arguments load, their own among them. */
import * as nodeModule from 'node:module';

type Resolve = (specifier: string, context: object) => unknown;

/** The types are those of an older Node, which has it not yet. */
const { registerHooks } = nodeModule as unknown as {
  registerHooks(hooks: {
    resolve: (specifier: string, context: object, next: Resolve) => unknown;
  }): void;
};

const names = new Set<string>();
registerHooks({
  resolve(specifier, context, next) {
    const [, name] = /^((?:@[\w-]+\/)?[\w-]+)/.exec(specifier) ?? [];
    if (name !== undefined && !specifier.startsWith('node:')) {
      names.add(name);
    }
    return next(specifier, context);
  },
});
for (const entry of process.argv.slice(2)) {
  await import(entry);
}
console.log([...names].toSorted().join(' '));
