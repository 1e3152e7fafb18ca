import { type ByteSource, malformed, memorySource } from '../../bytes/byte-source.js';
import { globalsOf, storageOf } from './globals.js';
import type { Storage } from './tensor.js';
import type { TorchFile } from './torch-file.js';
import { unpickle } from './unpickle.js';
import { kindOf } from './values.js';

/** What every legacy file begins with (torch/serialization.py). */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Such a file is read whole. */
const MAX_BYTES = 2 ** 32 - 1;

/**
 * Reads what torch.save wrote before PyTorch 1.6: five pickles (a magic number, a version, facts about the machine,
 * the object, the keys of its storages) and then each storage, a count and little-endian numbers.
 * Errors: `file-malformed`.
 */
export async function readLegacy(source: ByteSource): Promise<TorchFile> {
  const { place } = source;
  const { file } = place;
  if (source.size > MAX_BYTES)
    throw malformed(place, 'the file is too large for its format', {
      expected: 'at most 4 GiB in the format before PyTorch 1.6',
      found: `${source.size} bytes`,
      hint: 'load and save it again with a newer PyTorch',
    });
  const bytes = await source.read(0, source.size);
  const storages = new Map<string, Storage>();
  const host = {
    global: globalsOf(file),
    persistent: (id: unknown) => storageOf(file, id, storages),
  };
  let at = 0;
  const next = (path: string): unknown => {
    const { value, end } = unpickle(bytes, host, { file, path, at });
    at = end;
    return value;
  };
  const magic = next('the magic number');
  if (magic !== MAGIC)
    throw malformed(place, 'the file is a pickle, but not one that torch.save wrote', {
      expected: 'a PyTorch checkpoint',
      found: `a pickle of ${kindOf(magic)}`,
      hint: 'save the weights with torch.save(model.state_dict(), FILE)',
    });
  const version = next('the version');
  if (version !== PROTOCOL)
    throw malformed(place, 'the file has a version of its format that is not known', {
      expected: String(PROTOCOL),
      found: typeof version === 'number' ? String(version) : kindOf(version),
    });
  next('the facts about the machine');
  const value = next('the object');
  const keys = next('the keys of the storages');
  const content = locate(bytes, at, Array.isArray(keys) ? keys : [], storages, file);
  const read = async ({ key, elements, bytesPerElement }: Storage) => {
    const stored = content.get(key);
    const length = elements * bytesPerElement;
    if (stored && stored.length >= length) return stored.subarray(0, length);
    throw malformed({ file, path: `storage ${key}` }, 'numbers are missing from the file', {
      expected: `${length} bytes`,
      found: stored ? `${stored.length} bytes` : 'no such storage',
    });
  };
  return {
    value,
    bigEndian: false,
    read,
    open: async (storage) => memorySource(await read(storage), { file, path: `storage ${storage.key}` }),
  };
}

/** Where each storage lies. A count must be the one that the pickle claims, and its numbers must be there. */
function locate(
  bytes: Uint8Array,
  start: number,
  keys: readonly unknown[],
  storages: ReadonlyMap<string, Storage>,
  file: string,
): Map<string, Uint8Array> {
  const content = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  for (const key of keys) {
    // Never String(list): a list may hold itself many times over.
    const storage =
      typeof key === 'string' || typeof key === 'number' ? storages.get(String(key)) : undefined;
    const path = `storage ${typeof key === 'string' ? key : kindOf(key)}`;
    if (!storage) throw malformed({ file, path }, 'the file lists a storage that nothing uses');
    const claimed = at + 8 <= bytes.length ? view.getBigInt64(at, true) : -1n;
    const length = storage.elements * storage.bytesPerElement;
    if (claimed !== BigInt(storage.elements) || length > bytes.length - at - 8)
      throw malformed({ file, path }, 'the file ends before its numbers, or counts them wrongly', {
        expected: `${storage.elements} numbers, ${length} bytes`,
        found:
          claimed === -1n
            ? 'the end of the file'
            : `a count of ${claimed}, and ${bytes.length - at - 8} bytes left`,
        hint: 'the file may be cut off; fetch it again',
      });
    content.set(storage.key, bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return content;
}
