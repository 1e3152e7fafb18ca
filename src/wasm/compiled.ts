/** What there is of WebAssembly: the types of Node 20 know it as a name only. */
interface WebAssembly {
  Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  Instance: new (module: object, imports: object) => { exports: object };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/**
 * What a module of ours exports, once it is compiled; undefined where it cannot run: on a processor without vectors of 128
 * bits, or with `node --jitless`.
 * @param imports the functions that it is given, by name
 */
export function compiled<Exports extends object>(
  bytes: Uint8Array<ArrayBuffer>,
  imports: Readonly<Record<string, (...values: number[]) => number>>,
): Exports | undefined {
  const { WebAssembly: here } = globalThis as unknown as { WebAssembly?: WebAssembly };
  if (!here?.validate(bytes)) return undefined;
  return new here.Instance(new here.Module(bytes), { imports }).exports as Exports;
}
