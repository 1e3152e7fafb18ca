import { malformed } from '../../bytes/byte-source.js';
import type { DataType, Tensor } from '../../graph/graph.js';
import { allocate, bytesPerElement, fromBytes } from '../../graph/tensor.js';
import { type StoredTensor, UnreadableTensor } from './tensor.js';
import type { TorchFile } from './torch-file.js';

/** Tensors that are views of few numbers (`expand`) may not grow beyond the file by more. */
const SLACK = 64 * 2 ** 20;

/** Reads tensors of one file. Storages that tensors share are read once. */
export class TensorReader {
  private readonly storages = new Map<string, Promise<Uint8Array>>();
  private copied = 0;

  constructor(
    private readonly source: TorchFile,
    private readonly file: string,
    private readonly fileBytes: number,
  ) {}

  /** Errors: `file-malformed`, naming the tensor. */
  async read(name: string, tensor: StoredTensor | UnreadableTensor): Promise<Tensor> {
    const place = { file: this.file, path: `tensor "${name.slice(0, 200)}"` };
    const refuse = (found: string) =>
      malformed(place, 'a tensor of a kind that is not read', {
        expected: 'a dense tensor of floats, integers or booleans',
        found,
        hint: 'convert it before saving, or export the model as ONNX',
      });
    if (tensor instanceof UnreadableTensor) throw refuse(`a tensor: ${tensor.why}`);
    const { storage, dims } = tensor;
    const { type } = storage;
    if (type === undefined) throw refuse(storage.typeName);
    if (tensor.count === 0) return { type, dims: [...dims], data: allocate(type, 0) };
    const bytes = await this.bytesOf(tensor);
    const size = bytesPerElement(type);
    if (tensor.contiguous) {
      const start = tensor.offset * size;
      return {
        type,
        dims: [...dims],
        data: fromBytes(type, bytes.subarray(start, start + tensor.count * size)),
      };
    }
    this.copied += tensor.count * size;
    if (this.copied > this.fileBytes + SLACK)
      throw malformed(place, 'the tensors are much larger than the file that holds them', {
        expected: 'every number in the file once',
        found: `views that repeat numbers: shape [${dims.join(', ')}], strides [${tensor.strides.join(', ')}]`,
        hint: 'call .contiguous() on tensors made by expand() before saving',
      });
    return { type, dims: [...dims], data: strided(tensor, type, bytes) };
  }

  private bytesOf({ storage }: StoredTensor): Promise<Uint8Array> {
    const { key, bytesPerElement: size } = storage;
    const known = this.storages.get(key);
    if (known) return known;
    const read = this.source
      .read(storage)
      .then((bytes) => (this.source.bigEndian ? swapped(bytes, size) : bytes));
    this.storages.set(key, read);
    return read;
  }
}

/** In place: the bytes are ours. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  if (size === 4) buffer.swap32();
  if (size === 8) buffer.swap64();
  return bytes;
}

/** Copies a view into rows without gaps. The view was checked to lie inside its storage. */
function strided({ offset, dims, strides, count }: StoredTensor, type: DataType, bytes: Uint8Array) {
  const from = fromBytes(type, bytes);
  const to = allocate(type, count);
  const index = dims.map(() => 0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    to[i] = from[at]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= dims[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return to;
}
