import { malformed, memorySource, openFile, type Place, slice } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { openTorch } from '../../checkpoints/pytorch/open.js';
import { TensorReader } from '../../checkpoints/pytorch/read-tensors.js';
import { isName, isTensor } from '../../checkpoints/pytorch/state-dict.js';
import { StoredTensor, type UnreadableTensor } from '../../checkpoints/pytorch/tensor.js';
import { Dict, kindOf, Tuple } from '../../checkpoints/pytorch/values.js';
import { AssayError, unknownName } from '../../errors.js';
import type { DataType } from '../../graph/graph.js';
import { asFloat32 } from '../../graph/widen.js';
import { type ArraySource, arraySource } from '../arrays/array-source.js';
import { namedImages } from '../arrays/named-arrays.js';
import { type Dtype, dtypes, hostIsLittleEndian } from '../arrays/nd-array.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';

/** Transposed tensors are put in order in memory; others are read by ranges. */
const MAX_WHOLE = 2 ** 31;

const DTYPES: Partial<Record<DataType, Dtype>> = {
  bool: 'b1',
  uint8: 'u1',
  int8: 'i1',
  uint16: 'u2',
  int16: 'i2',
  uint32: 'u4',
  int32: 'i4',
  uint64: 'u8',
  int64: 'i8',
  float16: 'f2',
  float32: 'f4',
  float64: 'f8',
};

/** A tensor, or a list of numbers: labels are often kept as one. */
type Content = StoredTensor | UnreadableTensor | readonly number[];

/** Tensors of a file that torch.save wrote, as images and labels. Errors: `file-malformed`, `unknown-name`, `data-invalid`. */
export async function openPytorch(spec: DatasetSpec): Promise<ImageSource> {
  const closing = new Closing();
  return closing.guard(async () => {
    const source = closing.add(await openFile(spec.path));
    const torch = await openTorch(source);
    const reader = new TensorReader(torch, spec.path, source.size);
    const contents = contentsOf(torch.value, spec.path);
    const openArray = async (name: string): Promise<ArraySource> => {
      const content = contents.get(name);
      const place = { file: spec.path, path: name };
      if (!content) throw unknownName('tensor', name, [...contents.keys()], { file: spec.path });
      if (!isTensor(content)) return inMemory(Float64Array.from(content), 'f8', [content.length], place);
      const dtype = content instanceof StoredTensor && content.storage.type && DTYPES[content.storage.type];
      if (dtype && content.contiguous && content.count > 0) {
        const { bytes } = dtypes[dtype];
        const storage = await torch.open(content.storage);
        const range = slice(storage, content.offset * bytes, content.count * bytes, place);
        return arraySource(range, {
          shape: content.dims,
          dtype,
          littleEndian: !torch.bigEndian,
          dataOffset: 0,
        });
      }
      refuseLarge(content, place);
      const read = await reader.read(name, content);
      if (dtype) return inMemory(read.data, dtype, read.dims, place);
      return inMemory(asFloat32(read) ?? new Float32Array(), 'f4', read.dims, place);
    };
    return namedImages([...contents.keys()], openArray, spec, closing);
  });
}

function inMemory(data: ArrayBufferView, dtype: Dtype, shape: readonly number[], place: Place): ArraySource {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return arraySource(memorySource(bytes, place), {
    shape,
    dtype,
    littleEndian: hostIsLittleEndian,
    dataOffset: 0,
  });
}

function refuseLarge(content: StoredTensor | UnreadableTensor, place: Place): void {
  if (!(content instanceof StoredTensor)) return;
  const bytes = content.count * content.storage.bytesPerElement;
  if (bytes > MAX_WHOLE)
    throw malformed(place, 'a tensor of this size must lie in its file row after row', {
      expected: `a contiguous tensor, or at most ${MAX_WHOLE} bytes`,
      found: `${bytes} bytes of ${content.storage.typeName}, strides [${content.strides.join(', ')}]`,
      hint: 'save images.contiguous(), as floats of 16 or 32 bits or as bytes',
    });
}

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number');

/** Tensors by name. Errors: `data-invalid` when the file holds none. */
function contentsOf(value: unknown, file: string): Map<string, Content> {
  const contents = new Map<string, Content>();
  for (const [name, one] of entriesOf(value))
    if (isName(name) && (isTensor(one) || isNumbers(one))) contents.set(name, one);
  if ([...contents.values()].some(isTensor)) return contents;
  throw new AssayError('data-invalid', 'the PyTorch file holds no tensors of images', {
    file,
    expected: 'a tensor, a dict of tensors by name, or (images, labels)',
    found: kindOf(value),
    hint: "save it from Python: torch.save({'images': images, 'labels': labels}, 'data.pt')",
  });
}

function entriesOf(value: unknown): Iterable<readonly [unknown, unknown]> {
  if (value instanceof Dict) return value.entries();
  if (isTensor(value)) return [['images', value]];
  const items = value instanceof Tuple ? value.items : Array.isArray(value) ? value : [];
  return items.length > 2 ? [] : [['images', items[0]] as const, ['labels', items[1]] as const];
}
