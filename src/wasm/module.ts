import { type Code, unsigned } from './code.js';

/** Types of values, as the binary format names them. */
const TYPES = { i32: 0x7f, f64: 0x7c, v128: 0x7b };

type Type = keyof typeof TYPES;

/** A function's parameters and what it returns. */
export interface Signature {
  parameters: readonly Type[];
  results: readonly Type[];
}

/** A local variable: the code of its value, and that which sets it. */
export interface Local {
  value: Code;
  set(value: Code): Code;
}

/** The local variables of a function without result: its parameters, and more as they are asked for. */
export class Locals {
  readonly added: Type[] = [];

  constructor(readonly parameters: readonly Type[]) {}

  parameter(index: number): Local {
    return localOf(index);
  }

  /** New ones, by names that only the caller knows. */
  more<Name extends string>(type: Type, ...names: readonly Name[]): Record<Name, Local> {
    const first = this.parameters.length + this.added.length;
    this.added.push(...names.map(() => type));
    return Object.fromEntries(names.map((name, i) => [name, localOf(first + i)])) as Record<Name, Local>;
  }
}

const localOf = (number: number): Local => ({
  value: [0x20, ...unsigned(number)],
  set: (value) => [...value, 0x21, ...unsigned(number)],
});

export interface Module {
  /** Functions that it is given, by name, in `imports`; they have the first numbers. */
  imports: Readonly<Record<string, Signature>>;
  /** Functions without result that it exports, by name; they have the next numbers. */
  functions: Readonly<Record<string, { locals: Locals; code: Code }>>;
  /** Of its memory, which it exports as `memory`: 64 KiB each. */
  pages: number;
}

const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const section = (id: number, content: Code): Code => [id, ...sized(content)];
const text = (value: string): Code => sized([...new TextEncoder().encode(value)]);
const typesOf = (names: readonly Type[]): Code => list(names.map((name) => [TYPES[name]]));
const signatureOf = ({ parameters, results }: Signature): Code => [
  0x60,
  ...typesOf(parameters),
  ...typesOf(results),
];

/** The binary format of a module (WebAssembly Core 2.0, section 5.5). Whether its code is valid is told where it is compiled. */
export function moduleBytes({ imports, functions, pages }: Module): Uint8Array<ArrayBuffer> {
  const given = Object.entries(imports);
  const made = Object.entries(functions);
  const signatures = [
    ...given.map(([, signature]) => signature),
    ...made.map(([, { locals }]) => ({ parameters: locals.parameters, results: [] })),
  ];
  const sections: Readonly<Record<string, Code>> = {
    types: section(1, list(signatures.map(signatureOf))),
    imports: section(
      2,
      list(given.map(([name], i) => [...text('imports'), ...text(name), 0x00, ...unsigned(i)])),
    ),
    functions: section(3, list(made.map((_, i) => unsigned(given.length + i)))),
    memories: section(5, list([[0x01, ...unsigned(pages), ...unsigned(pages)]])),
    exports: section(
      7,
      list([
        [...text('memory'), 0x02, 0x00],
        ...made.map(([name], i) => [...text(name), 0x00, ...unsigned(given.length + i)]),
      ]),
    ),
    code: section(
      10,
      list(
        made.map(([, { locals, code }]) =>
          sized([...list(locals.added.map((name) => [0x01, TYPES[name]])), ...code, 0x0b]),
        ),
      ),
    ),
  };
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...Object.values(sections).flat(),
  ]);
}
