import { AssayError } from '../../errors.js';
import { type ElementType, type Storage, StoredTensor, UnreadableTensor, viewOf } from './tensor.js';
import { Dict, Global, kindOf, Opaque, SetValue, Tuple } from './values.js';

/** A storage class or a dtype: what a persistent id and `_rebuild_tensor_v3` name. */
export class TypeName extends Global {
  constructor(
    name: string,
    readonly element: ElementType,
  ) {
    super(name);
  }
}

export const damagedTensor = (file: string, message: string, found: string) =>
  new AssayError('file-malformed', message, {
    file,
    found,
    hint: 'the file may be damaged; fetch or write it again',
  });

const MAX_COPIED = 1_000_000;

/** Calls that make data. Arguments come from the file: nothing is taken for granted. */
export function rebuilders(file: string): Record<string, (args: readonly unknown[]) => unknown> {
  const wrong = (name: string, args: readonly unknown[]) =>
    damagedTensor(
      file,
      'a tensor in the file has an invalid description',
      `${name} of ${args.slice(0, 8).map(kindOf).join(', ')}`,
    );

  const items = (value: unknown): readonly unknown[] | undefined =>
    value instanceof Tuple ? value.items : Array.isArray(value) ? value : undefined;

  function tensor(name: string, args: readonly unknown[], element?: ElementType): StoredTensor {
    const [storage, offset] = args;
    const [dims, strides] = [items(args[2]), items(args[3])];
    if (!isStorage(storage) || !dims || !strides) throw wrong(name, args);
    const view = viewOf(element ? typed(storage, element) : storage, offset, dims, strides);
    if (typeof view !== 'string') return view;
    throw damagedTensor(file, 'a tensor in the file lies outside its storage', view);
  }

  function parameter(args: readonly unknown[]): unknown {
    const [data] = args;
    if (data instanceof StoredTensor || data instanceof UnreadableTensor) return data;
    throw wrong('torch._utils._rebuild_parameter', args);
  }

  /** A tensor subclass whose numbers are a plain tensor's. */
  function fromType(args: readonly unknown[]): unknown {
    const [callee, type, inner] = args;
    const known =
      type instanceof Global &&
      /^torch\.(Tensor|_tensor\.Tensor|nn\.parameter\.(Parameter|Buffer))$/.test(type.name);
    const parts = items(inner);
    if (
      !(callee instanceof Global && callee.call && callee.name !== 'torch._tensor._rebuild_from_type_v2') ||
      !parts
    )
      throw wrong('torch._tensor._rebuild_from_type_v2', args);
    return known ? callee.call(parts) : new UnreadableTensor('of a class of its own');
  }

  /** Containers are copied: a small file could ask for the same copy again and again. */
  let copied = 0;
  function copyOf(value: unknown): readonly unknown[] {
    const list = items(value) ?? (value instanceof SetValue ? value.items : []);
    copied += list.length;
    if (copied > MAX_COPIED)
      throw damagedTensor(
        file,
        'the pickle copies its lists too often',
        `more than ${MAX_COPIED} items copied`,
      );
    return list;
  }

  function dict(args: readonly unknown[]): Dict {
    const made = new Dict();
    for (const pair of copyOf(args[0])) {
      const parts = items(pair);
      if (parts?.length === 2) made.set(parts[0], parts[1]);
    }
    return made;
  }

  function set(args: readonly unknown[]): SetValue {
    const made = new SetValue();
    for (const item of copyOf(args[0])) made.items.push(item);
    return made;
  }

  const unreadable = (why: string) => () => new UnreadableTensor(why);
  return {
    'torch._utils._rebuild_tensor': (args) => tensor('torch._utils._rebuild_tensor', args),
    'torch._utils._rebuild_tensor_v2': (args) => tensor('torch._utils._rebuild_tensor_v2', args),
    'torch._utils._rebuild_tensor_v3': (args) => {
      const type = args[6];
      if (!(type instanceof TypeName)) throw wrong('torch._utils._rebuild_tensor_v3', args);
      return tensor('torch._utils._rebuild_tensor_v3', args, type.element);
    },
    'torch._utils._rebuild_parameter': parameter,
    'torch._utils._rebuild_parameter_with_state': parameter,
    'torch._tensor._rebuild_from_type_v2': fromType,
    'torch._utils._rebuild_sparse_tensor': unreadable('sparse'),
    'torch._utils._rebuild_sparse_csr_tensor': unreadable('sparse'),
    'torch._utils._rebuild_qtensor': unreadable('quantised'),
    'torch._utils._rebuild_meta_tensor_no_storage': unreadable('without numbers (on the meta device)'),
    'torch._utils._rebuild_nested_tensor': unreadable('nested'),
    'torch._utils._rebuild_device_tensor_from_numpy': unreadable('kept as a NumPy array'),
    'torch._utils._rebuild_device_tensor_from_cpu_tensor': unreadable('of another device'),
    'torch._utils._rebuild_wrapper_subclass': unreadable('of a class of its own'),
    'torch.Size': (args) => new Tuple(items(args[0]) ?? []),
    'torch.Tensor': unreadable('of an old kind'),
    'torch.nn.parameter.Parameter': parameter,
    'torch.nn.parameter.Buffer': parameter,
    'collections.OrderedDict': dict,
    // Its first argument is what it makes missing values with.
    'collections.defaultdict': (args) => dict(args.slice(1)),
    'collections.Counter': dict,
    'builtins.dict': dict,
    'builtins.list': (args) => [...copyOf(args[0])],
    'builtins.set': set,
    'builtins.frozenset': set,
    '_codecs.encode': ([text]) => new Opaque(typeof text === 'string' ? 'bytes' : kindOf(text)),
    'copyreg._reconstructor': ([type]) => new Opaque(type instanceof Global ? type.name : kindOf(type)),
  };
}

const isStorage = (value: unknown): value is Storage =>
  typeof value === 'object' && value !== null && 'bytesPerElement' in value && 'elements' in value;

/** An untyped storage counts bytes; a tensor of it says its own type. */
function typed(storage: Storage, element: ElementType): Storage {
  const bytes = storage.elements * storage.bytesPerElement;
  return { ...storage, ...element, elements: Math.floor(bytes / element.bytesPerElement) };
}
