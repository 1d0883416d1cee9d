// Checks the docstrings of all functions that the packages export: each has an `@example`, and each
// that throws by itself has `@throws`. (Jest runs the examples: docs/fences.test.ts.)
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';

// TypeScript 7 has no JavaScript API.
import ts from 'typescript-6';

import { root } from './root.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | { readonly '@reprise/source': string }>>;
}

/** A function as a user reaches it. */
interface PublicFunction {
  /** As `@reprise/actor/testing createProbe`, or `@reprise/actor GenServer.call`. */
  readonly name: string;
  readonly declaration: ts.Declaration;
}

const folders = globSync('packages/{actor,sse}/package.json', { cwd: root }).map((manifest) =>
  join(root, dirname(manifest)),
);
const entries = new Map(folders.flatMap((folder) => entriesOf(folder)));
const program = ts.createProgram([...entries.values()], {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  customConditions: ['@reprise/source'],
  allowImportingTsExtensions: true,
  strict: true,
  noEmit: true,
});
const checker = program.getTypeChecker();

const functions = unique([...entries].flatMap(([name, file]) => functionsOf(name, file)));
const problems = functions.flatMap(problemsOf);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}
console.log(`${functions.length} functions`);

/** By the name that others import. */
function entriesOf(folder: string): readonly (readonly [name: string, file: string])[] {
  const { name, exports } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Manifest;
  return Object.entries(exports).flatMap(([path, entry]) =>
    typeof entry === 'string'
      ? []
      : [[`${name}${path.slice(1)}`, join(folder, entry['@reprise/source'])] as const],
  );
}

function functionsOf(entry: string, file: string): readonly PublicFunction[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile);
  const found = module === undefined ? [] : exportsOf(module, '');
  // Functions that are re-exported from another package have their docstrings there.
  const folder = `${dirname(dirname(file))}/`;
  return found
    .filter(({ declaration }) => declaration.getSourceFile().fileName.startsWith(folder))
    .map(({ name, declaration }) => ({ name: `${entry} ${name}`, declaration }));
}

function exportsOf(module: ts.Symbol, prefix: string): readonly PublicFunction[] {
  return checker.getExportsOfModule(module).flatMap((exported): readonly PublicFunction[] => {
    const name = prefix + exported.name;
    const symbol =
      exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.ValueModule) {
      return exportsOf(symbol, `${name}.`);
    }
    const [declaration] = symbol.declarations ?? [];
    return declaration !== undefined && isFunction(symbol) ? [{ name, declaration }] : [];
  });
}

function isFunction(symbol: ts.Symbol): boolean {
  return (
    (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable)) !== 0 &&
    checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0
  );
}

/** A function that several modules export counts once, by its first name. */
function unique(functions: readonly PublicFunction[]): readonly PublicFunction[] {
  const byDeclaration = new Map(
    functions.toReversed().map((each) => [each.declaration, each] as const),
  );
  return [...byDeclaration.values()].toReversed();
}

function problemsOf({ name, declaration }: PublicFunction): readonly string[] {
  // Of overloads any one may carry the docstring.
  const symbol = checker.getSymbolAtLocation(ts.getNameOfDeclaration(declaration) ?? declaration);
  const declarations = symbol?.declarations ?? [declaration];
  const tags = declarations.flatMap((one) => ts.getJSDocTags(one).map((tag) => tag.tagName.text));
  const isDocumented = declarations.some((one) => ts.getJSDocCommentsAndTags(one).length > 0);
  const missing = [
    ...(isDocumented ? [] : ['a docstring']),
    ...(tags.includes('example') ? [] : ['@example']),
    ...(declarations.some(throws) && !tags.includes('throws') ? ['@throws'] : []),
  ];
  const file = declaration.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
  const place = `${relative(root, file.fileName).replaceAll('\\', '/')}:${line + 1}`;
  return missing.map((part) => `${place}: Expected ${part} for ${name}, got none`);
}

/** Whether the function throws, outside functions in it, or calls a check of its arguments. */
function throws(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) {
    return true;
  }
  if (ts.isCallExpression(node) && /^assert[A-Z]/.test(node.expression.getText())) {
    return true;
  }
  return ts.forEachChild(node, (child) => !ts.isFunctionLike(child) && throws(child)) ?? false;
}
