import { AssayError } from '../../errors.js';

const exportHint =
  "in Python, where the model's code is: torch.save(model.state_dict(), 'weights.pt'), or torch.onnx.export(model, image, 'model.onnx')";

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

/** Whether a name stands for something inert that is commonly saved beside weights. */
export const isCarried = (name: string): boolean => CARRIED.some((pattern) => pattern.test(name));

/** Modules that a checkpoint has no business with. */
const RUNS_CODE =
  /^(os|posix|nt|sys|subprocess|builtins|__builtin__|shutil|socket|runpy|importlib|pty|code|codeop|pickle|_pickle|cloudpickle|webbrowser|commands|platform|asyncio|ctypes|multiprocessing|threading|operator|functools|types|inspect|pdb|bdb|timeit|pip|http|urllib|requests|tempfile|io|pathlib|glob|torch\.hub|torch\.load|torch\.serialization|torch\.jit|numpy\.testing\S*|numpy\.f2py\S*)(\.|$)/;

/** The error about a name that is in no table: what asks for code to run, and whole pickled models. */
export function refusal(file: string, name: string): AssayError {
  if (RUNS_CODE.test(name))
    return new AssayError('file-malformed', `the file asks for ${name} when it is loaded`, {
      file,
      expected: 'tensors and plain data',
      found: `the name ${name}`,
      hint: "nothing was executed. Loading this file with Python would run its author's code: get the checkpoint from a source you trust",
    });
  return new AssayError('file-malformed', `the file holds an object of Python code: ${name}`, {
    file,
    expected: 'weights: tensors by name (a state dict)',
    found: `${name}: a whole pickled model, or an object saved beside the weights`,
    hint: `objects cannot be read without the code they belong to; ${exportHint}`,
  });
}
