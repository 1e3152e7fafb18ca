import { AssayError } from '../errors.js';
import type { Tensor } from '../graph/graph.js';
import { elementCount, floats } from '../graph/tensor.js';
import { asFloat32 } from '../graph/widen.js';
import { mapTuple } from '../map-tuple.js';
import type { Weights } from './weights.js';

/** A way in which PyTorch keeps a weight in parts. */
interface Kind {
  title: string;
  /** Names of the parts, in the order that `whole` takes them. @param at the module, dot included */
  parts(at: string, weight: string): readonly string[];
  /** Undefined when the parts do not fit each other. */
  whole(parts: readonly Tensor[]): Float32Array | undefined;
}

const numbers = (tensor: Tensor): Float32Array => asFloat32(tensor) ?? new Float32Array();

/** W / sigma with sigma = u' W v, as in evaluation mode: u and v stay as training left them (Miyato et al. 2018). */
function spectral(parts: readonly Tensor[]): Float32Array | undefined {
  const [original, u, v] = parts as readonly [Tensor, Tensor, Tensor];
  const [w, left, right] = mapTuple([original, u, v], numbers);
  const columns = w.length / left.length;
  if (left.length !== original.dims[0] || right.length !== columns) return undefined;
  const sigma = w.reduce((sum, value, at) => {
    const row = Math.floor(at / columns);
    return sum + left[row]! * value * right[at - row * columns]!;
  }, 0);
  return w.map((value) => value / sigma);
}

/** g v / |v|, the length over all but the first axis, or over everything where g is one number (Salimans & Kingma 2016). */
function scaled(parts: readonly Tensor[]): Float32Array | undefined {
  const [g, v] = parts as readonly [Tensor, Tensor];
  const [gains, directions] = mapTuple([g, v], numbers);
  if (gains.length !== v.dims[0] && gains.length !== 1) return undefined;
  const columns = directions.length / gains.length;
  const factors = Array.from(gains, (gain, row) => {
    const squares = directions.subarray(row * columns, (row + 1) * columns).reduce((a, x) => a + x * x, 0);
    return gain / Math.sqrt(squares);
  });
  return directions.map((value, at) => value * factors[Math.floor(at / columns)]!);
}

/** Pruned weights are 0 (`torch.nn.utils.prune`). */
function masked(parts: readonly Tensor[]): Float32Array | undefined {
  const [original, mask] = parts as readonly [Tensor, Tensor];
  const [w, kept] = mapTuple([original, mask], numbers);
  return w.length === kept.length ? w.map((value, at) => value * kept[at]!) : undefined;
}

const KINDS: readonly Kind[] = [
  {
    title: 'spectral norm',
    parts: (at, weight) =>
      ['original', '0._u', '0._v'].map((part) => `${at}parametrizations.${weight}.${part}`),
    whole: spectral,
  },
  {
    title: 'weight norm',
    parts: (at, weight) =>
      ['original0', 'original1'].map((part) => `${at}parametrizations.${weight}.${part}`),
    whole: scaled,
  },
  {
    title: 'spectral norm',
    parts: (at, weight) => ['orig', 'u', 'v'].map((part) => `${at}${weight}_${part}`),
    whole: spectral,
  },
  {
    title: 'weight norm',
    parts: (at, weight) => ['g', 'v'].map((part) => `${at}${weight}_${part}`),
    whole: scaled,
  },
  {
    title: 'pruning',
    parts: (at, weight) => ['orig', 'mask'].map((part) => `${at}${weight}_${part}`),
    whole: masked,
  },
];

/** Where a weight in parts begins: the module and the weight's own name. */
const MARKS = [/^(|.*\.)parametrizations\.(\w+)\./, /^(|.*\.)(weight|bias)_(?:orig|u|v|g|mask)$/];

/**
 * The same weights, with those that PyTorch keeps in parts put together as in evaluation mode.
 * Errors: `model-invalid` for parts that are not known, naming the first.
 */
export function putTogether(weights: Weights): Weights {
  const tensors = new Map<string, Tensor>();
  const done = new Set<string>();
  const titles = new Set<string>();
  for (const [name, tensor] of weights.tensors) {
    if (done.has(name)) continue;
    const [, at, weight] = MARKS.map((mark) => mark.exec(name)).find(Boolean) ?? [];
    if (at === undefined || weight === undefined) {
      tensors.set(name, tensor);
      continue;
    }
    const made = wholeOf(weights, at, weight);
    if (!made) throw unknownParts(weights, at, name);
    titles.add(made.title);
    tensors.set(`${at}${weight}`, made.tensor);
    for (const part of made.parts) done.add(part);
  }
  if (titles.size === 0) return weights;
  const note = `weights under ${[...titles].join(' and ')} are put together from their parts, as in evaluation mode`;
  return { ...weights, tensors, notes: [...(weights.notes ?? []), note] };
}

function wholeOf({ tensors }: Weights, at: string, weight: string) {
  const all = [...tensors.keys()].filter(
    (name) => name.startsWith(`${at}parametrizations.${weight}.`) || name.startsWith(`${at}${weight}_`),
  );
  for (const { title, parts, whole } of KINDS) {
    const names = parts(at, weight);
    if (names.length !== all.length || !names.every((name) => tensors.has(name))) continue;
    const originals = names.flatMap((name) => tensors.get(name) ?? []);
    const data = whole(originals);
    // The parts that are as large as the weight have its shape.
    const { dims } = originals.reduce((a, b) => (elementCount(b.dims) >= elementCount(a.dims) ? b : a));
    if (data) return { title, tensor: floats([...dims], data), parts: names };
  }
  return undefined;
}

function unknownParts({ file, tensors }: Weights, at: string, name: string): AssayError {
  const parts = [...tensors].filter(
    ([other]) => other.startsWith(at) && MARKS.some((mark) => mark.test(other)),
  );
  return new AssayError('model-invalid', 'a weight is kept in parts that are not known', {
    file,
    path: `tensor "${name.slice(0, 200)}"`,
    expected: `the parts of ${[...new Set(KINDS.map(({ title }) => title))].join(', ')}, as PyTorch names them`,
    found: parts
      .slice(0, 6)
      .map(([part, { dims }]) => `${part.slice(0, 200)} [${dims.join(', ')}]`)
      .join(', '),
    hint: "in Python, put them together before saving: torch.nn.utils.parametrize.remove_parametrizations(module, 'weight') for each such module (remove_weight_norm, remove_spectral_norm or prune.remove for the older kinds)",
  });
}
