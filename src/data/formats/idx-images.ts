import { type ByteSource, malformed, openFile } from '../../bytes/byte-source.js';
import { Closing } from '../../bytes/closing.js';
import { inflate } from '../../bytes/inflate.js';
import { isGzip } from '../../bytes/magic.js';
import { arrayImages } from '../arrays/array-images.js';
import { type ArrayHeader, type ArraySource, arraySource } from '../arrays/array-source.js';
import { labelFile } from '../arrays/label-file.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';
import { TYPES } from './idx-types.js';

/** Reads the header: two zero bytes, the element type, the rank, a big-endian 32-bit size per axis. */
async function readIdxHeader(source: ByteSource): Promise<ArrayHeader> {
  const magic = await source.read(0, Math.min(4, source.size));
  const dtype = TYPES[magic[2]!];
  const rank = magic[3]!;
  if (magic.length < 4 || magic[0] !== 0 || magic[1] !== 0 || dtype === undefined || rank < 1 || rank > 4)
    throw malformed(source.place, 'this is not an IDX file', {
      expected: 'a magic number such as 00 00 08 03',
      found: Buffer.from(magic).toString('hex'),
    });
  const sizes = Buffer.from(await source.read(4, 4 * rank));
  const shape = Array.from({ length: rank }, (_, axis) => sizes.readUInt32BE(4 * axis));
  return { shape, dtype, littleEndian: false, dataOffset: 4 + 4 * rank };
}

/** `train-labels-idx1-ubyte` for `train-labels-idx3-ubyte`, with and without `.gz`. */
function variants(name: string): string[] {
  const plain = name.replace(/idx\d/, 'idx1').replace(/\.gz$/, '');
  return [plain, `${plain}.gz`];
}

/** Images and labels of IDX files. Errors: `file-malformed`, `file-unreadable`, `data-invalid`. */
export async function openIdx(spec: DatasetSpec, directory: string): Promise<ImageSource> {
  const closing = new Closing();
  const openArray = async (file: string): Promise<ArraySource> => {
    const raw = closing.add(await openFile(file));
    const packed = isGzip(await raw.read(0, Math.min(2, raw.size)));
    const source = packed ? closing.add(await inflate(raw, { method: 'gzip', place: { file } })) : raw;
    return arraySource(source, await readIdxHeader(source));
  };
  return closing.guard(async () => {
    const labels = await labelFile(spec, directory, variants);
    return arrayImages(
      await openArray(spec.path),
      labels === undefined ? undefined : await openArray(labels),
      spec,
      closing.close,
    );
  });
}
