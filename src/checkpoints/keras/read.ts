import { createHash } from 'node:crypto';
import { limits } from '../../bytes/limits.js';
import { isHdf5, isZip } from '../../bytes/magic.js';
import { nestsTooDeep } from '../../bytes/nesting.js';
import { readWhole } from '../../bytes/regular-file.js';
import { AssayError } from '../../errors.js';
import type { Checkpoint, FileHead } from '../checkpoint.js';
import type { Hdf5File } from '../hdf5/protocol.js';
import { readHdf5 } from '../hdf5/read.js';
import { readMembers } from './archive.js';
import { convertModel, type Source } from './convert.js';
import { groupedWeights, numberedWeights } from './stored-weights.js';
import { readTopology } from './topology.js';
import type { Dialect } from './weights.js';

/** What optimisers keep; it is no part of the model. */
const OPTIMIZERS = ['optimizer_weights', 'optimizer', '_optimizer'];

const CONFIG = 'config.json';
const WEIGHTS = 'model.weights.h5';
const METADATA = 'metadata.json';

const again = 'save the whole model again: model.save("model.keras")';

/** How the HDF5 file in a checkpoint is read: `readHdf5`. */
export type Hdf5Reader = typeof readHdf5;

/**
 * Reads a model of Keras.
 * @param hdf5 for tests, which read many files
 * Errors: `file-malformed`, `op-unsupported`.
 */
export async function readKeras(head: FileHead, hdf5: Hdf5Reader = readHdf5): Promise<Checkpoint> {
  const { file } = head;
  const content = await readWhole(file, 'keras');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const bytes = content.byteLength;
  const bare = isHdf5(content);
  const zip = isZip(content) || (head.extension === '.keras' && !bare);
  const source = await (zip ? fromArchive : fromHdf5)(content, file, hdf5);
  return { graph: convertModel(source), sha256, bytes, format: 'keras' };
}

/** Bytes that can be given away to another thread. */
const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** `.h5`: the configuration is an attribute of the root. */
async function fromHdf5(content: Buffer, file: string, reader: Hdf5Reader): Promise<Source> {
  const hdf5 = await reader(owned(content), file, OPTIMIZERS);
  const { model_config: config, keras_version: version } = hdf5.attributes;
  if (config === undefined) throw withoutModel(hdf5, file);
  return {
    model: readTopology(parse(config, file, 'attribute model_config'), file),
    weights: groupedWeights(hdf5),
    dialect: dialectOf(version),
    file,
    producer: producer(version),
  };
}

function withoutModel({ attributeNames, datasets }: Hdf5File, file: string): AssayError {
  const keras =
    attributeNames.includes('layer_names') ||
    [...datasets.keys()].some((path) => /(^|\/)vars\/0$/.test(path));
  return new AssayError(
    'file-malformed',
    keras ? 'the file holds weights but no model' : 'this HDF5 file is not a model of Keras',
    {
      file,
      path: 'attribute model_config',
      expected: 'the configuration of the model',
      found:
        attributeNames.length > 0 ? `attributes ${attributeNames.join(', ').slice(0, 200)}` : 'no attributes',
      hint: keras ? `it was written by save_weights; ${again} in the program that builds it` : again,
    },
  );
}

/** `.keras`: a zip archive of a configuration and an HDF5 file. */
async function fromArchive(content: Buffer, file: string, reader: Hdf5Reader): Promise<Source> {
  const members = await readMembers(content, file, [CONFIG, WEIGHTS, METADATA]);
  const member = (name: string) => {
    const bytes = members.get(name);
    if (bytes) return bytes;
    throw new AssayError('file-malformed', 'a part of the model is missing', {
      file,
      expected: `${CONFIG} and ${WEIGHTS} in the archive`,
      found: [...members.keys()].join(', ') || 'neither',
      hint: again,
    });
  };
  const config = parse(text(member(CONFIG)), file, CONFIG);
  const weights = member(WEIGHTS);
  const model = readTopology(config, file);
  const metadata = members.has(METADATA) ? parse(text(member(METADATA)), file, METADATA) : {};
  const { keras_version: version } = metadata as { keras_version?: unknown };
  return {
    model,
    weights: numberedWeights(await reader(owned(weights), file, OPTIMIZERS)),
    dialect: dialectOf(version),
    file,
    producer: producer(version),
  };
}

const text = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');

function parse(json: string, file: string, path: string): unknown {
  if (nestsTooDeep(Buffer.from(json)))
    throw new AssayError('file-malformed', 'the JSON nests too deep', {
      file,
      path,
      expected: `at most ${limits.nesting.value} ${limits.nesting.of}`,
      found: 'more',
      hint: limits.nesting.instead,
    });
  try {
    return JSON.parse(json) ?? {};
  } catch (cause) {
    throw new AssayError('file-malformed', 'the configuration of the model is not whole JSON', {
      file,
      path,
      found: (cause as Error).message,
      hint: again,
      cause,
    });
  }
}

const dialectOf = (version: unknown): Dialect => (/^[012]\./.test(String(version)) ? 'keras2' : 'keras3');

const producer = (version: unknown) =>
  typeof version === 'string' ? `Keras ${version.slice(0, 40)}` : 'Keras';
