import { type ByteSource, malformed } from '../../bytes/byte-source.js';
import { type TarMember, tarContent, tarMembers } from '../../bytes/tar.js';
import { AssayError } from '../../errors.js';
import type { DatasetSpec } from '../spec.js';
import { type LabelPlace, labelPlace, readLabel } from './webdataset-labels.js';

const IMAGES = ['jpg', 'jpeg', 'png'];
/** Images that would be missed in silence. */
const NOT_DECODED = ['webp', 'gif', 'bmp', 'tif', 'tiff', 'avif', 'heic', 'ppm', 'pgm'];

/** Which members are read, as the first example shows. */
export interface Chosen {
  /** Extensions of the image, of which every example has one. */
  images: readonly string[];
  labels?: LabelPlace;
}

/** Where the images of a shard lie, and their labels. Names are left out: a million of them would fill the memory. */
export interface ShardIndex {
  /** Bytes of the shard, when it was listed. */
  size: number;
  starts: Float64Array;
  sizes: Float64Array;
  /** Where the headers of images begin, for their names. */
  headers: Float64Array;
  labels: Int32Array;
}

/** The members of one example, which stand one after the other. */
interface Example {
  key: string;
  members: Map<string, TarMember>;
}

/**
 * Lists a shard by its headers; of contents, only labels are read.
 * @param chosen what earlier shards showed
 * Errors: `file-malformed` for an archive that is damaged or cut off; `data-invalid` for links, examples without an image
 * or a label, and keys that come twice.
 */
export async function indexShard(
  source: ByteSource,
  spec: DatasetSpec,
  chosen: Chosen | undefined,
): Promise<{ index: ShardIndex; chosen: Chosen | undefined }> {
  const samples = {
    starts: [] as number[],
    sizes: [] as number[],
    headers: [] as number[],
    labels: [] as number[],
  };
  let reads = chosen;
  for await (const { key, members } of examples(source)) {
    reads ??= await choose(source, members, spec);
    const { images, labels } = reads;
    const image = imageOf(members, images, key, source);
    samples.starts.push(image.start);
    samples.sizes.push(image.size);
    samples.headers.push(image.header);
    if (!labels) continue;
    const label = members.get(labels.extension);
    if (!label) throw lacks(source, key, `a member .${labels.extension}`, members);
    samples.labels.push(await readLabel(tarContent(source, label), labels));
  }
  const index: ShardIndex = {
    size: source.size,
    starts: Float64Array.from(samples.starts),
    sizes: Float64Array.from(samples.sizes),
    headers: Float64Array.from(samples.headers),
    labels: Int32Array.from(samples.labels),
  };
  return { index, chosen: reads };
}

/** Examples of a shard: neighbours whose names agree up to the first dot of the last part. */
async function* examples(source: ByteSource): AsyncGenerator<Example> {
  const seen = new Set<string>();
  let example: Example | undefined;
  for await (const member of tarMembers(source)) {
    const place = { file: source.place.file, path: member.name };
    if (member.kind === 'folder') continue;
    if (member.kind !== 'file')
      throw new AssayError('data-invalid', 'a member of the shard is no file', {
        ...place,
        expected: 'files, as WebDataset writes them',
        found: `a ${member.kind}`,
        hint: 'write the shard again, from the files themselves (tar --dereference)',
      });
    const [, key, extension] = /^((?:.*\/)?[^./][^./]*)\.([^/]+)$/s.exec(member.name) ?? [];
    // What is hidden, has no extension, or speaks of the shard as a whole.
    if (key === undefined || extension === undefined || /^__.*__$/.test(key)) continue;
    if (example?.key !== key) {
      if (example) yield example;
      if (seen.has(key))
        throw new AssayError('data-invalid', 'an example comes twice in the shard', {
          ...place,
          expected: 'all members of an example one after the other, and each example once',
          hint: 'write the shard again with its files in the order of their names (tar --sort=name)',
        });
      seen.add(key);
      example = { key, members: new Map() };
    }
    const lower = extension.toLowerCase();
    if (example.members.has(lower))
      throw new AssayError('data-invalid', 'a member of the shard comes twice', {
        ...place,
        hint: 'write the shard again',
      });
    example.members.set(lower, member);
  }
  if (example) yield example;
}

async function choose(source: ByteSource, members: Example['members'], spec: DatasetSpec): Promise<Chosen> {
  const labels = await labelPlace(members, spec, (member) => tarContent(source, member));
  const images = spec.images === undefined ? usual(source, members) : [spec.images.toLowerCase()];
  return { images, ...(labels && { labels }) };
}

/** The extensions that images have, unless the first example has arrays, or several that fit. */
function usual(source: ByteSource, members: Example['members']): readonly string[] {
  const fitting = [...members.keys()].filter((one) => IMAGES.includes(one));
  const others = [...members.keys()].filter((one) => /\.(jpe?g|png|npy)$/.test(`.${one}`));
  if (fitting.length === 1) return IMAGES;
  if (others.length === 1) return others;
  const [first] = members.values();
  const undecoded = [...members.keys()].find((one) => NOT_DECODED.includes(one));
  throw new AssayError(
    'data-invalid',
    others.length > 0 ? 'several members may be the image' : 'the first example of the shard has no image',
    {
      file: source.place.file,
      path: first!.name,
      expected: 'one member .jpg, .png or .npy',
      found: [...members.keys()].map((one) => `.${one}`).join(', '),
      hint:
        others.length > 0
          ? `name it: \`images: ${others[0]}\``
          : undecoded
            ? `images of this kind are not read: convert .${undecoded} to .png`
            : 'name the member: `images: EXTENSION`',
    },
  );
}

function imageOf(
  members: Example['members'],
  images: readonly string[],
  key: string,
  source: ByteSource,
): TarMember {
  const fitting = images.filter((one) => members.has(one));
  const image = members.get(fitting[0]!);
  if (image && fitting.length === 1) return image;
  throw lacks(source, key, `one member ${images.map((one) => `.${one}`).join(', ')}`, members);
}

const lacks = ({ place }: ByteSource, key: string, expected: string, members: Example['members']) =>
  new AssayError('data-invalid', 'an example of the shard lacks a member', {
    file: place.file,
    path: key,
    expected,
    found: [...members.keys()].map((one) => `.${one}`).join(', '),
    hint: 'write the shard again; `images` and `labels` name other members',
  });

/** What a member is called whose headers begin there. */
export async function nameAt(source: ByteSource, header: number): Promise<string> {
  for await (const { name } of tarMembers(source, header)) return name;
  throw malformed(source.place, 'the shard is no longer what it was');
}
