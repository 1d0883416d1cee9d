// TypeScript 7 has no JavaScript API.
import ts from 'typescript-6';

/**
 * Tells bundlers that they may drop values that a program does not use. They keep a class with a
 * static block, and a constant whose value is read or computed, unless that is a call with the
 * comment `@__PURE__`: so each such value becomes one. All lines stay where the source map has
 * them.
 * @throws Error for a statement at the top that is neither a declaration nor an import or export:
 * no bundler could drop it
 */
export function markPure(code: string): string {
  const file = ts.createSourceFile('bundle.js', code, ts.ScriptTarget.Latest, true);
  const insertions = file.statements.flatMap((statement, index, all) =>
    insertionsFor(statement, all[index - 1], all[index + 1]),
  );
  return insertions
    .toReversed()
    .reduce((text, { at, inserted }) => text.slice(0, at) + inserted + text.slice(at), code);
}

interface Insertion {
  readonly at: number;
  readonly inserted: string;
}

function insertionsFor(
  statement: ts.Statement,
  before: ts.Statement | undefined,
  next: ts.Statement | undefined,
): readonly Insertion[] {
  if (before !== undefined && isAbout(statement, nameOf(before))) {
    return [];
  }
  const name = nameOf(statement);
  if (next !== undefined && isAbout(next, name)) {
    return wrap(statement, next, String(name));
  }
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(wrapValue);
  }
  if (!isHarmless(statement)) {
    throw new Error(`Expected a declaration at the top of a module, got ${statement.getText()}`);
  }
  return [];
}

function isHarmless(statement: ts.Statement): boolean {
  return (
    ts.isFunctionDeclaration(statement) ||
    ts.isImportDeclaration(statement) ||
    ts.isExportDeclaration(statement)
  );
}

/** The only name that a statement declares. */
function nameOf(statement: ts.Statement): string | undefined {
  if (ts.isFunctionDeclaration(statement)) {
    return statement.name?.text;
  }
  const [only, ...others] = ts.isVariableStatement(statement)
    ? statement.declarationList.declarations
    : [];
  return others.length === 0 ? only?.name.getText() : undefined;
}

/** Esbuild names a function that it renamed, and fills a namespace, in the next statement. */
function isAbout(statement: ts.Statement, name: string | undefined): boolean {
  if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) {
    return false;
  }
  const { expression, arguments: given } = statement.expression;
  return ['__name', '__export'].includes(expression.getText()) && given[0]?.getText() === name;
}

/** Both statements become one value. */
function wrap(first: ts.Statement, second: ts.Statement, name: string): readonly Insertion[] {
  return [
    { at: first.getStart(), inserted: `var ${name} = /* @__PURE__ */ (() => { ` },
    { at: second.getEnd(), inserted: ` return ${name}; })();` },
  ];
}

function wrapValue({ name, initializer }: ts.VariableDeclaration): readonly Insertion[] {
  if (initializer === undefined || isPure(initializer)) {
    return [];
  }
  // An anonymous class would take its name from the variable. A variable of the same name inside
  // would not do: bundlers rename one of the two.
  const [before, after] = ts.isClassExpression(initializer)
    ? ['__name(', `, ${JSON.stringify(name.getText())})`]
    : ['(', ')'];
  return [
    { at: initializer.getStart(), inserted: `/* @__PURE__ */ (() => ${before}` },
    { at: initializer.getEnd(), inserted: `${after})()` },
  ];
}

/** Whether all bundlers know that they may drop a value. */
function isPure(value: ts.Node): boolean {
  if (ts.isArrayLiteralExpression(value)) {
    return value.elements.every(isPure);
  }
  if (ts.isObjectLiteralExpression(value)) {
    return value.properties.every(isPureProperty);
  }
  if (ts.isClassExpression(value)) {
    return value.members.every(isPureMember);
  }
  return (
    ts.isFunctionLike(value) ||
    ts.isLiteralExpression(value) ||
    ts.isIdentifier(value) ||
    value.kind === ts.SyntaxKind.TrueKeyword ||
    value.kind === ts.SyntaxKind.FalseKeyword
  );
}

function isPureProperty(property: ts.ObjectLiteralElementLike): boolean {
  return (
    !isComputed(property) &&
    (ts.isMethodDeclaration(property) ||
      ts.isShorthandPropertyAssignment(property) ||
      (ts.isPropertyAssignment(property) && isPure(property.initializer)))
  );
}

function isPureMember(member: ts.ClassElement): boolean {
  const isStatic = ts.canHaveModifiers(member)
    ? member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
    : false;
  return (
    !isComputed(member) &&
    !ts.isClassStaticBlockDeclaration(member) &&
    !(isStatic === true && ts.isPropertyDeclaration(member))
  );
}

/** The symbols of the language are known to have no effect as a name. */
function isComputed({ name }: ts.ObjectLiteralElementLike | ts.ClassElement): boolean {
  return (
    name !== undefined &&
    ts.isComputedPropertyName(name) &&
    !/^Symbol\.\w+$/.test(name.expression.getText())
  );
}
