import { type ByteSource, malformed } from '../../bytes/byte-source.js';
import { isZip } from '../../bytes/magic.js';
import { readArchive } from './archive.js';
import { readLegacy } from './legacy.js';
import type { TorchFile } from './torch-file.js';

/** Reads what torch.save wrote, today's archive or the pickles before it. Errors: `file-malformed`. */
export async function openTorch(source: ByteSource): Promise<TorchFile> {
  if (source.size < 4) throw malformed(source.place, 'the file is too short for a file of PyTorch');
  return isZip(await source.read(0, 4)) ? readArchive(source) : readLegacy(source);
}
