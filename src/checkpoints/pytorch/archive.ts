import { type ByteSource, malformed, slice } from '../../bytes/byte-source.js';
import { limits } from '../../bytes/limits.js';
import { type ZipMember, zipMembers } from '../../bytes/zip.js';
import { globalsOf, storageOf } from './globals.js';
import type { Storage } from './tensor.js';
import type { TorchFile } from './torch-file.js';
import { unpickle } from './unpickle.js';

const again = 'fetch the file again, or save it again with torch.save';

/** Members that share bytes: small files that claim to be large are made so. */
function refuseOverlaps(members: readonly ZipMember[], source: ByteSource): void {
  const sorted = [...members].sort((a, b) => a.span.start - b.span.start);
  sorted.forEach(({ name, span, stored }, i) => {
    const place = { file: source.place.file, path: name };
    const end = sorted[i + 1]?.span.start ?? source.size;
    if (span.start + span.length > end)
      throw malformed(place, 'a member of the archive reaches into what follows it', {
        expected: `at most ${end - span.start} bytes`,
        found: `${span.length} bytes`,
        hint: again,
      });
    if (!stored)
      throw malformed(place, 'a member of the archive is compressed', {
        expected: 'stored members, as torch.save writes them',
        hint: 'save the file again with torch.save, or pack it without compression (zip -0)',
      });
  });
}

/** The folder inside the archive that holds everything: PyTorch names it after the file. */
function folderOf(members: readonly ZipMember[], source: ByteSource): string {
  const pickles = members.filter(({ name }) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  const script = members.some(({ name }) => /^(?:[^/]+\/)?(constants\.pkl|code\/.*)$/.test(name));
  if (script)
    throw malformed(source.place, 'the file is a TorchScript program, not weights', {
      expected: 'a state dict, as torch.save(model.state_dict(), FILE) writes it',
      found: 'an archive with code',
      hint: "in Python: torch.save(torch.jit.load(FILE).state_dict(), 'weights.pt'), or export it with torch.onnx.export",
    });
  if (pickles.length === 1) return pickles[0]!.name.slice(0, -'data.pkl'.length);
  throw malformed(source.place, 'the archive is not a PyTorch checkpoint', {
    expected: 'one member called data.pkl, in the one folder of the archive',
    found: `${pickles.length} of them among ${members.length} members`,
    hint: again,
  });
}

async function contentOf(member: ZipMember): Promise<Uint8Array> {
  const bytes = await member.open();
  return bytes.read(0, bytes.size);
}

/**
 * Reads the archive that torch.save writes since PyTorch 1.6: a pickle, and a member for each storage. Names of
 * members are compared and never used as paths. Errors: `file-malformed`.
 */
export async function readArchive(source: ByteSource): Promise<TorchFile> {
  const { file } = source.place;
  // torch.serialization.set_crc32_options(False) writes 0 for every member.
  const members = await zipMembers(source, { atMost: limits.torchMembers.value, sumsOptional: true });
  const folder = folderOf(members, source);
  refuseOverlaps(members, source);
  const byName = new Map<string, ZipMember>();
  for (const member of members) {
    if (byName.has(member.name))
      throw malformed({ file, path: member.name }, 'the archive has this member twice', { hint: again });
    byName.set(member.name, member);
  }
  const pickle = byName.get(`${folder}data.pkl`) as ZipMember;
  if (pickle.size > limits.pickle.value)
    throw malformed({ file, path: pickle.name }, 'the pickle in the file is too large', {
      expected: `at most ${limits.pickle.value} bytes: names and shapes`,
      found: `${pickle.size} bytes`,
      hint: limits.pickle.instead,
    });
  const storages = new Map<string, Storage>();
  const { value } = unpickle(
    await contentOf(pickle),
    { global: globalsOf(file), persistent: (id) => storageOf(file, id, storages) },
    { file, path: pickle.name },
  );
  const order = byName.get(`${folder}byteorder`);
  const bigEndian = order !== undefined && (await endianOf(order, file)) === 'big';
  const open = async ({ key, elements, bytesPerElement }: Storage) => {
    const member = byName.get(`${folder}data/${key}`);
    const length = elements * bytesPerElement;
    const place = { file, path: `storage ${key}` };
    if (!member || member.size < length)
      throw malformed(place, 'numbers are missing from the file', {
        expected: `${length} bytes`,
        found: member ? `${member.size} bytes` : 'no such member',
        hint: again,
      });
    return slice(await member.open(), 0, length, place);
  };
  return {
    value,
    bigEndian,
    open,
    async read(storage) {
      const bytes = await open(storage);
      return bytes.read(0, bytes.size);
    },
  };
}

async function endianOf(member: ZipMember, file: string): Promise<string> {
  const place = { file, path: member.name };
  const text = member.size <= 16 ? Buffer.from(await contentOf(member)).toString('latin1') : 'a long text';
  if (text === 'little' || text === 'big') return text;
  throw malformed(place, 'the byte order of the file is not one', {
    expected: 'little or big',
    found: JSON.stringify(text),
    hint: again,
  });
}
