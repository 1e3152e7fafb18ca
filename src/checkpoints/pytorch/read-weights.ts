import type { Weights } from '../../architectures/weights.js';
import { malformed, openFile } from '../../bytes/byte-source.js';
import type { Tensor } from '../../graph/graph.js';
import { asFloat32 } from '../../graph/widen.js';
import type { FileHead } from '../checkpoint.js';
import { openTorch } from './open.js';
import { TensorReader } from './read-tensors.js';
import { findStateDict, isName, isTensor, versionsOf } from './state-dict.js';
import { StoredTensor } from './tensor.js';
import { Dict } from './values.js';

/** Names under which training code keeps its persistent chains. */
const BUFFERS = ['replay_buffer', 'replaybuffer', 'buffer'];

/** The buffer, read when asked for: from the file as it is then; or what is called so and is none. */
function bufferIn(root: unknown, file: string): Pick<Weights, 'replayBuffer' | 'noBuffer'> {
  if (!(root instanceof Dict)) return {};
  const found = BUFFERS.flatMap((name) => {
    const tensor = root.get(name);
    return tensor instanceof StoredTensor ? [{ name, tensor }] : [];
  });
  for (const { name, tensor } of found)
    if (tensor.dims.length === 4 && tensor.count > 0)
      return { replayBuffer: { dims: tensor.dims, read: () => readImages(file, name, tensor.dims) } };
  const [odd] = found;
  return odd ? { noBuffer: `${odd.name} [${odd.tensor.dims.join(', ')}]` } : {};
}

async function readImages(file: string, name: string, dims: readonly number[]): Promise<Float32Array> {
  const source = await openFile(file);
  try {
    const torch = await openTorch(source);
    const tensor = torch.value instanceof Dict ? torch.value.get(name) : undefined;
    const place = { file, path: name };
    if (!(tensor instanceof StoredTensor) || tensor.dims.join() !== dims.join())
      throw malformed(place, 'the file was changed while it was in use');
    const images = asFloat32(await new TensorReader(torch, file, source.size).read(name, tensor));
    if (images) return images;
    throw malformed(place, 'the replay buffer does not hold floats', { found: tensor.storage.typeName });
  } finally {
    await source.close();
  }
}

/**
 * The tensors of the state dict that is meant, and the images of a replay buffer beside it.
 * Errors: `file-malformed`, `model-invalid`, `config-invalid`.
 */
export async function readWeights({ file }: FileHead, stateDict?: string): Promise<Weights> {
  const source = await openFile(file);
  try {
    const torch = await openTorch(source);
    const { chosen, others, equals } = findStateDict(torch.value, file, stateDict);
    const reader = new TensorReader(torch, file, source.size);
    const tensors = new Map<string, Tensor>();
    for (const [name, value] of chosen.dict.entries())
      if (isName(name) && isTensor(value)) tensors.set(name, await reader.read(name, value));
    const buffer = bufferIn(torch.value, file);
    if (chosen.path === '' && buffer.replayBuffer) for (const name of BUFFERS) tensors.delete(name);
    return {
      file,
      format: 'pytorch',
      tensors,
      from: chosen.path,
      others,
      equals,
      versions: versionsOf(chosen),
      ...buffer,
    };
  } finally {
    await source.close();
  }
}
