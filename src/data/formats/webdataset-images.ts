import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { malformed } from '../../bytes/byte-source.js';
import { limits } from '../../bytes/limits.js';
import { unreadable } from '../../bytes/regular-file.js';
import { forRanges } from '../../concurrency.js';
import { AssayError } from '../../errors.js';
import { LANES } from '../images/image-wish.js';
import { refuseMore } from '../refuse-more.js';
import type { ImageSource } from '../source.js';
import type { DatasetSpec } from '../spec.js';
import { arrayDecoder, imageDecoder } from './member-decoder.js';
import { isShardPattern, shardPaths } from './shard-paths.js';
import { Shards } from './shards.js';
import { type Chosen, indexShard, nameAt, type ShardIndex } from './webdataset-index.js';

/**
 * Opens tar shards: headers are listed once, images are read where they lie and decoded some at a time.
 * Errors: `file-unreadable`, `file-malformed`, `data-invalid`, `config-invalid`; those of images.
 */
export async function openWebdataset(spec: DatasetSpec): Promise<ImageSource> {
  const shards = new Shards(
    await shardPaths(spec.path, await isFolder(spec.path), spec.followLinks ?? false),
  );
  try {
    const { indexes, chosen } = await list(shards, spec);
    const begins = beginsOf(indexes);
    const n = begins[indexes.length]!;
    const first = indexes.findIndex(({ starts }) => starts.length > 0);
    if (!chosen || first < 0) throw empty(spec.path);
    const members = new Members(shards, indexes);
    const make = chosen.images.some((extension) => extension.endsWith('npy')) ? arrayDecoder : imageDecoder;
    const decoder = await members.with(first, 0, (bytes) =>
      make({ file: shards.paths[first]! }, bytes, spec),
    );
    const [channels, height, width] = decoder.shape;
    const size = channels * height * width;
    return {
      n,
      shape: decoder.shape,
      ...(chosen.labels && { labels: joined(indexes, n) }),
      part: shards.paths.length === 1 ? basename(shards.paths[0]!) : `${shards.paths.length} shards`,
      get note() {
        return decoder.note;
      },
      async read(start, end, out) {
        await forRanges(end - start, { step: 1, lanes: LANES }, async (i) => {
          const shard = shardOf(begins, start + i);
          const part = out.subarray(i * size, (i + 1) * size);
          await members.with(shard, start + i - begins[shard]!, (bytes) =>
            decoder.decode({ file: shards.paths[shard]! }, bytes, part),
          );
        });
      },
      close: () => shards.close(),
    };
  } catch (error) {
    await shards.close();
    throw error;
  }
}

/** What lies in shards, by where it was listed. */
class Members {
  constructor(
    private readonly shards: Shards,
    private readonly indexes: readonly ShardIndex[],
  ) {}

  /** Does something with the bytes of an image. What goes wrong then is told with the name of the member. */
  async with<T>(shard: number, at: number, work: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    const { size, starts, sizes, headers } = this.indexes[shard]!;
    try {
      const bytes = await this.shards.use(shard, async (source) => {
        if (source.size !== size)
          throw malformed(source.place, 'the shard changed while it was read', { hint: 'run again' });
        if (sizes[at]! > limits.image.value) throw tooLarge(sizes[at]!);
        return source.read(starts[at]!, sizes[at]!);
      });
      return await work(bytes);
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      const file = this.shards.paths[shard];
      const name = await this.shards
        .use(shard, (source) => nameAt(source, headers[at]!))
        .catch(() => undefined);
      const path = [name, error.details.path].filter(Boolean).join(', ');
      throw new AssayError(error.code, error.message, { ...error.details, file, path });
    }
  }
}

function tooLarge(found: number): AssayError {
  const { value, of, instead } = limits.image;
  return new AssayError('data-invalid', 'the image is too large', {
    expected: `at most ${value} ${of}`,
    found: `${found} bytes`,
    hint: instead,
  });
}

/** Where the examples of each shard begin, and where the last one ends. */
function beginsOf(indexes: readonly ShardIndex[]): number[] {
  const begins = [0];
  for (const { starts } of indexes) begins.push(begins[begins.length - 1]! + starts.length);
  return begins;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    (cause) => {
      if (isShardPattern(path)) return false;
      throw unreadable(path, cause);
    },
  );
}

/** Lists all shards: one after the other until an example shows what is read, then some at a time. */
async function list(shards: Shards, spec: DatasetSpec): Promise<{ indexes: ShardIndex[]; chosen?: Chosen }> {
  const indexes: ShardIndex[] = [];
  let chosen: Chosen | undefined;
  let total = 0;
  const add = async (shard: number) => {
    const listed = await shards.use(shard, (source) => indexShard(source, spec, chosen));
    indexes[shard] = listed.index;
    total += listed.index.starts.length;
    refuseMore('examples', total, { file: spec.path });
    return listed.chosen;
  };
  let next = 0;
  while (next < shards.paths.length && !chosen) chosen = await add(next++);
  const rest = shards.paths.length - next;
  await forRanges(rest, { step: 1, lanes: LANES }, async (i) => {
    await add(next + i);
  });
  return { indexes, ...(chosen && { chosen }) };
}

/** The shard of an example, by bisection. */
function shardOf(begins: readonly number[], example: number): number {
  let low = 0;
  let high = begins.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (begins[middle]! <= example) low = middle;
    else high = middle;
  }
  return low;
}

function joined(indexes: readonly ShardIndex[], n: number): Int32Array {
  const labels = new Int32Array(n);
  let at = 0;
  for (const index of indexes) {
    labels.set(index.labels, at);
    at += index.labels.length;
  }
  return labels;
}

const empty = (path: string) =>
  new AssayError('data-invalid', 'the data set is empty', {
    file: path,
    expected: 'tar archives with members such as 000.jpg and 000.cls',
    found: 'none',
    hint: 'check the path, and what is in a shard: tar -tf SHARD',
  });
