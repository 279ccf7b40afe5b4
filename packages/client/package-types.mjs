/**
 * The declarations of the package that is published: those that the compiler makes of the client, over what
 * they name of the protocol, written out. In the repository that is derived from schemas, whose library the
 * package must not need.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const here = fileURLToPath(new URL('.', import.meta.url));
const protocol = join(here, '../protocol/src');
/** Exists for the compiler only. */
const QUESTIONS = join(here, 'src/questions.ts');

/** Of the protocol, by name; what is written out in full and what refers to it. */
const WRITTEN_OUT = [
  ...[
    'RequestType',
    'EventType',
    'Events',
    'Replies',
    'MemberExtra',
    'Seat',
    'ChatLine',
    'RoomInfo',
    'RoomUser',
  ],
  ...['ListedRoom', 'ForeignRoom', 'KnownInstance'],
];

const questions = `
import type { FEDERATION_API, RequestInput, ${WRITTEN_OUT.join(', ')} } from '@romm-netplay/protocol';
${WRITTEN_OUT.map((name) => `export type Q_${name} = ${name};`).join('\n')}
export type Q_RequestInputs = { [T in RequestType]: RequestInput<T> };
export type Q_Visitable = (typeof FEDERATION_API)['giveConsent']['reply']['_zod']['output'];
`;

const options = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node'],
  typeRoots: [join(here, '../../node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  declaration: true,
  emitDeclarationOnly: true,
  customConditions: ['@romm-netplay/source'],
};

/** Writes them into `directory`, where `index.d.ts` and `federation.d.ts` are what a consumer names. */
export function writeTypes(directory) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => path === QUESTIONS || fileExists(path);
  host.readFile = (path) => (path === QUESTIONS ? questions : readFile(path));
  host.getSourceFile = (path, version) =>
    path === QUESTIONS
      ? ts.createSourceFile(path, questions, version, true)
      : getSourceFile.call(host, path, version);
  const entries = ['index', 'federation'].map((name) => join(here, `src/${name}.ts`));
  const wire = ['wire', 'close-codes', 'error-codes', 'frames', 'limits'].map((name) =>
    join(protocol, `${name}.ts`),
  );
  const program = ts.createProgram([...entries, ...wire, QUESTIONS], options, host);
  const write = (name, text) => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  };
  write('protocol/index.d.ts', writeOut(program));
  for (const source of program.getSourceFiles()) emit(program, source, wire, write);
}

function emit(program, source, wire, write) {
  const isClient = source.fileName.startsWith(join(here, 'src/')) && source.fileName !== QUESTIONS;
  if (!isClient && !wire.includes(source.fileName)) return;
  program.emit(source, (path, text) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    write(isClient ? name : `protocol/${name}`, isClient ? redirect(text) : text);
  });
}

/** What came from the workspace comes from beside it. */
const redirect = (text) =>
  text
    .replace(/'@romm-netplay\/protocol\/wire'/g, `'./protocol/wire.js'`)
    .replace(/"@romm-netplay\/protocol\/wire"/g, `'./protocol/wire.js'`)
    .replace(/['"]@romm-netplay\/protocol['"]/g, `'./protocol/index.js'`)
    .replace(/import type \{ FEDERATION_API \}/, 'import type { Visitable as VisitableInstance }')
    .replace(
      /\(typeof FEDERATION_API\)\['giveConsent'\]\['reply'\]\['_zod'\]\['output'\]/,
      'VisitableInstance',
    );

function writeOut(program) {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(QUESTIONS);
  const aliases = checker.getExportsOfModule(checker.getSymbolAtLocation(file));
  const lines = aliases.map((symbol) => {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    return `export type ${symbol.name.slice(2)} = ${print(checker, file, type)};`;
  });
  return `${lines.join('\n')}
export type RequestInput<T extends RequestType> = RequestInputs[T];
export * from './wire.js';
`;
}

/** A type without a name of anybody else's. */
function print(checker, file, type) {
  const inner = (each) => print(checker, file, each);
  if (type.isUnion() && !(type.flags & ts.TypeFlags.Boolean))
    return [...new Set(type.types.map((each) => `(${inner(each)})`))]
      .join(' | ')
      .replace('(false) | (true)', 'boolean');
  if (type.isIntersection() && type.types.every((each) => each.flags & ts.TypeFlags.Object))
    return members(checker, file, type);
  if (checker.isTupleType(type)) return `readonly [${checker.getTypeArguments(type).map(inner).join(', ')}]`;
  if (checker.isArrayType(type)) {
    const readonly = type.symbol.name === 'ReadonlyArray' ? 'readonly ' : '';
    return `${readonly}(${inner(checker.getTypeArguments(type)[0])})[]`;
  }
  if (type.flags & ts.TypeFlags.Object) return members(checker, file, type);
  return checker.typeToString(type, file, ts.TypeFormatFlags.NoTruncation);
}

function members(checker, file, type) {
  if (type.symbol?.name === 'Uint8Array') return 'Uint8Array';
  const properties = checker.getPropertiesOfType(type).map((property) => {
    const { escapedName } = property;
    const optional = property.flags & ts.SymbolFlags.Optional ? '?' : '';
    const readonly = ts.getCheckFlags?.(property) & 8 ? 'readonly ' : '';
    return `${readonly}${JSON.stringify(String(escapedName))}${optional}: ${print(checker, file, checker.getTypeOfSymbol(property))}`;
  });
  const indices = checker
    .getIndexInfosOfType(type)
    .map(
      ({ keyType, type: value }) => `[key: ${checker.typeToString(keyType)}]: ${print(checker, file, value)}`,
    );
  return `{ ${[...properties, ...indices].join('; ')} }`;
}
