import { AssayError } from '../../errors.js';
import {
  dtypes,
  type ElementType,
  type Storage,
  StoredTensor,
  storageTypes,
  UnreadableTensor,
  viewOf,
} from './tensor.js';
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

const exportHint =
  "in Python, where the model's code is: torch.save(model.state_dict(), 'weights.pt'), or torch.onnx.export(model, image, 'model.onnx')";

const malformed = (file: string, message: string, found: string) =>
  new AssayError('file-malformed', message, {
    file,
    found,
    hint: 'the file may be damaged; fetch or write it again',
  });

const MAX_NAME = 200;
const MAX_COPIED = 1_000_000;

/** Modules that a checkpoint has no business with. */
const RUNS_CODE =
  /^(os|posix|nt|sys|subprocess|builtins|__builtin__|shutil|socket|runpy|importlib|pty|code|codeop|pickle|_pickle|cloudpickle|webbrowser|commands|platform|asyncio|ctypes|multiprocessing|threading|operator|functools|types|inspect|pdb|bdb|timeit|pip|http|urllib|requests|tempfile|io|pathlib|glob|torch\.hub|torch\.load|torch\.serialization|torch\.jit|numpy\.testing\S*|numpy\.f2py\S*)(\.|$)/;

function refusal(file: string, name: string): AssayError {
  if (RUNS_CODE.test(name))
    return new AssayError('file-malformed', `the file asks for ${name} when it is loaded`, {
      file,
      expected: 'tensors and plain data',
      found: `the name ${name}`,
      hint: 'nothing was executed. Loading this file with Python would run code of its author: get the checkpoint from a source you trust',
    });
  return new AssayError('file-malformed', `the file holds an object of Python code: ${name}`, {
    file,
    expected: 'weights: tensors by name (a state dict)',
    found: `${name}: a whole pickled model, or an object saved beside the weights`,
    hint: `objects cannot be read without the code they belong to; ${exportHint}`,
  });
}

/** Types whose values are carried along, unread: settings, paths, dates, statistics beside the weights. */
const CARRIED: readonly RegExp[] = [
  /^argparse\.Namespace$/,
  /^(types\.SimpleNamespace|easydict\.EasyDict|yacs\.config\.CfgNode|addict\.addict\.Dict|ml_collections\.\S+)$/,
  /^omegaconf\.[A-Za-z_.]+$/,
  /^pathlib\.(Pure)?(Posix|Windows)?Path$/,
  /^pathlib\._local\.(Pure)?(Posix|Windows)?Path$/,
  /^datetime\.(datetime|date|time|timedelta|timezone)$/,
  /^uuid\.UUID$/,
  /^decimal\.Decimal$/,
  /^fractions\.Fraction$/,
  /^collections\.deque$/,
  /^numpy\.(core|_core)\.(multiarray\.(scalar|_reconstruct)|numeric\._frombuffer)$/,
  /^numpy\.(ndarray|dtype|bool_|bool|int8|int16|int32|int64|uint8|uint16|uint32|uint64|float16|float32|float64|str_)$/,
  /^numpy\.dtypes\.\w+$/,
  /^numpy\.random\.(_pickle\.\w+|_mt19937\.MT19937|_pcg64\.PCG64|mtrand\.RandomState)$/,
  /^(builtins|__builtin__)\.(object|bytearray|complex|int|float|bool|str|bytes|tuple|slice|range|long|unicode)$/,
  /^torch\.(device|Generator|strided|sparse_coo|contiguous_format|channels_last|preserve_format)$/,
  /^torch\.serialization\._get_layout$/,
  /^torch\.optim\.(lr_scheduler\.\w+|swa_utils\.\w+)$/,
  /^(pytorch_lightning|lightning\.pytorch|lightning_fabric|lightning\.fabric)\.(callbacks|utilities|loggers|fabric)\.[A-Za-z_.]+$/,
  /^enum\.Enum$/,
];

/** Calls that make data. Arguments come from the file: nothing is taken for granted. */
function calls(file: string): Record<string, (args: readonly unknown[]) => unknown> {
  const wrong = (name: string, args: readonly unknown[]) =>
    malformed(
      file,
      'a tensor in the file is described wrongly',
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
    throw malformed(file, 'a tensor in the file lies outside its storage', view);
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
      throw malformed(file, 'the pickle copies its lists too often', `more than ${MAX_COPIED} items copied`);
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

/** Python 2's names, as `pickle` itself translates them. */
const modern = (name: string) =>
  name.replace(/^__builtin__\./, 'builtins.').replace(/^copy_reg\./, 'copyreg.');

/**
 * The names that a PyTorch pickle may use: those that describe tensors and plain data, and those of inert things
 * that are commonly saved beside weights. Errors: `file-malformed` for any other, naming it.
 */
export function globalsOf(file: string): (module: string, name: string) => unknown {
  const table = calls(file);
  const made = new Map<string, Global>();
  const make = (name: string): Global => {
    if (Object.hasOwn(table, name)) return new Global(name, table[name]);
    const torch = /^torch\.(?:cuda\.|storage\.)?(\w+)$/.exec(name)?.[1] ?? '';
    const element = storageTypes.get(torch) ?? dtypes.get(torch);
    if (element) return new TypeName(name, element);
    if (CARRIED.some((pattern) => pattern.test(name))) return new Global(name, () => new Opaque(name));
    throw refusal(file, name);
  };
  return (module, attribute) => {
    const name = modern(`${module}.${attribute}`);
    if (name.length > MAX_NAME)
      throw malformed(file, 'a name in the pickle is too long', `${name.slice(0, 40)}...`);
    const known = made.get(name);
    if (known) return known;
    const global = make(name);
    made.set(name, global);
    return global;
  };
}

/** A model saved with its code, as `torch.save(model, FILE)` does in old versions. */
export function wholeModel(file: string, name: string): AssayError {
  return refusal(file, name);
}

/** What a persistent id stands for: ('storage', type, key, device, elements, ...). */
export function storageOf(file: string, id: unknown, storages: Map<string, Storage>): Storage {
  const parts = id instanceof Tuple ? id.items : [];
  const [kind, type, key, , elements, view = null] = parts;
  if (kind === 'module') throw refusal(file, type instanceof Global ? type.name : 'a module.Model');
  const name = typeof key === 'string' || typeof key === 'number' ? String(key) : undefined;
  const count = typeof elements === 'number' && Number.isSafeInteger(elements) && elements >= 0;
  if (kind !== 'storage' || !(type instanceof TypeName) || name === undefined || !count)
    throw malformed(
      file,
      'a storage in the file is described wrongly',
      parts.slice(0, 5).map(kindOf).join(', '),
    );
  if (view !== null)
    throw malformed(
      file,
      'a storage in the file is a part of another one, as in PyTorch before 0.4',
      `storage ${name}`,
    );
  const known = storages.get(name);
  const storage: Storage = { key: name, ...type.element, elements };
  if (known && known.bytesPerElement * known.elements !== storage.bytesPerElement * elements)
    throw malformed(file, 'a storage in the file has two sizes', `storage ${name}`);
  if (!known) storages.set(name, storage);
  return known ?? storage;
}
