// Fails when something that the library exports has no doc comment. The way of the name into src/index.ts does not matter:
// what counts is the comment where the thing is declared.
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const { config } = ts.readConfigFile(fileURLToPath(new URL('../tsconfig.json', import.meta.url)), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram([index], options);
const checker = program.getTypeChecker();

const documented = (symbol) => symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;

function place(symbol) {
  const declaration = symbol.declarations?.[0];
  if (declaration === undefined) return '?';
  const file = declaration.getSourceFile();
  return `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1}`;
}

/** Public methods of a class need a comment as well: they are what a caller works with. */
function methods(symbol) {
  const declaration = symbol.declarations?.find(ts.isClassDeclaration);
  if (declaration === undefined) return [];
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  return (
    declaration.members
      .filter((member) => ts.isMethodDeclaration(member) && (ts.getCombinedModifierFlags(member) & hidden) === 0)
      // What an interface of the class documents need not be said again.
      .filter(() => !declaration.heritageClauses?.some((clause) => clause.token === ts.SyntaxKind.ImplementsKeyword))
      .map((member) => checker.getSymbolAtLocation(member.name))
      .filter((member) => member !== undefined)
  );
}

const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index)));
let missing = 0;
for (const name of exported) {
  const symbol = (name.flags & ts.SymbolFlags.Alias) === 0 ? name : checker.getAliasedSymbol(name);
  for (const thing of [symbol, ...methods(symbol)]) {
    if (documented(thing)) continue;
    console.error(`${place(thing)}: ${thing === symbol ? symbol.name : `${symbol.name}.${thing.name}`} is exported and has no doc comment`);
    missing += 1;
  }
}
if (missing > 0) process.exit(1);
console.log(`${exported.length} exported names, all documented`);
