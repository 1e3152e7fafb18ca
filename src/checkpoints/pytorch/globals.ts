import { isCarried, refusal } from './names.js';
import { damagedTensor, rebuilders, TypeName } from './rebuild.js';
import { dtypes, type Storage, storageTypes } from './tensor.js';
import { Global, kindOf, Opaque, Tuple } from './values.js';

const MAX_NAME = 200;

/** Python 2's names, as `pickle` itself translates them. */
const modern = (name: string) =>
  name.replace(/^__builtin__\./, 'builtins.').replace(/^copy_reg\./, 'copyreg.');

/**
 * The names that a PyTorch pickle may use: those that describe tensors and plain data, and those of inert things
 * that are commonly saved beside weights. Errors: `file-malformed` for any other, naming it.
 */
export function globalsOf(file: string): (module: string, name: string) => unknown {
  const table = rebuilders(file);
  const made = new Map<string, Global>();
  const make = (name: string): Global => {
    if (Object.hasOwn(table, name)) return new Global(name, table[name]);
    const torch = /^torch\.(?:cuda\.|storage\.)?(\w+)$/.exec(name)?.[1] ?? '';
    const element = storageTypes.get(torch) ?? dtypes.get(torch);
    if (element) return new TypeName(name, element);
    if (isCarried(name)) return new Global(name, () => new Opaque(name));
    throw refusal(file, name);
  };
  return (module, attribute) => {
    const name = modern(`${module}.${attribute}`);
    if (name.length > MAX_NAME)
      throw damagedTensor(file, 'a name in the pickle is too long', `${name.slice(0, 40)}...`);
    const known = made.get(name);
    if (known) return known;
    const global = make(name);
    made.set(name, global);
    return global;
  };
}

/** What a persistent id stands for: ('storage', type, key, device, elements, ...). */
export function storageOf(file: string, id: unknown, storages: Map<string, Storage>): Storage {
  const parts = id instanceof Tuple ? id.items : [];
  const [kind, type, key, , elements, view = null] = parts;
  if (kind === 'module') throw refusal(file, type instanceof Global ? type.name : 'a module.Model');
  const name = typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
  const count = typeof elements === 'number' && Number.isSafeInteger(elements) && elements >= 0;
  if (kind !== 'storage' || !(type instanceof TypeName) || name === undefined || !count)
    throw damagedTensor(
      file,
      'a storage in the file has an invalid description',
      parts.slice(0, 5).map(kindOf).join(', '),
    );
  if (view !== null)
    throw damagedTensor(
      file,
      'a storage in the file is a part of another one, as in PyTorch before 0.4',
      `storage ${name}`,
    );
  const known = storages.get(name);
  const storage: Storage = { key: name, ...type.element, elements };
  if (known && known.bytesPerElement * known.elements !== storage.bytesPerElement * elements)
    throw damagedTensor(file, 'a storage in the file has two sizes', `storage ${name}`);
  if (!known) storages.set(name, storage);
  return known ?? storage;
}
