import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAbsent, readText } from '../../bytes/regular-file.js';
import { type Static, Type } from '../../config/type.js';
import { check } from '../../config/validate.js';
import { AssayError } from '../../errors.js';
import type { Results } from '../../suites/results.js';
import type { ConcludeOrder } from '../concluding/conclude-order.js';
import { keyOf } from '../folder/keys.js';
import { programIdentity } from '../folder/program.js';
import type { RunSource } from '../folder/run-record.js';
import { saveJson } from '../folder/save-json.js';
import { MOST_SHARDS, type ShardName, shardText } from '../folder/shard-name.js';

/** What a run is concluded from once all of its shards are there: an order, but for what was measured and where it lies. */
export type ShardOrder = Omit<ConcludeOrder, 'out' | 'execution' | 'began'>;

const count = Type.Integer({ minimum: 1, maximum: MOST_SHARDS });
const open = { additionalProperties: true };
const strings = Type.Array(Type.String());
const anything = Type.Array(Type.Object({}, open));

/** More images than any data set has: the plan of a record that says more would not fit into memory. */
const MOST_IMAGES = 1e8;

/** What of a record is read before its order is used. */
const Envelope = Type.Object(
  {
    version: Type.Literal(1),
    shard: Type.Object({ index: count, of: count }),
    /** What it was measured with: `program` differs where anything does that computes. */
    program: Type.String(),
    order: Type.Object(
      {
        title: Type.String(),
        key: Type.String(),
        engine: Type.String(),
        seed: Type.Integer({ minimum: 0, maximum: 0xffffffff }),
        environment: Type.Object(
          { assay: Type.String(), node: Type.String(), platform: Type.String(), cpu: Type.String() },
          open,
        ),
        baseline: Type.Optional(Type.String()),
        gates: anything,
        warnings: anything,
        sources: Type.Object(
          {
            plugins: strings,
            directory: Type.String(),
            file: Type.String(),
            digests: Type.Optional(Type.Record(Type.String(), Type.String())),
          },
          open,
        ),
        entries: Type.Array(
          Type.Object(
            {
              suite: Type.String(),
              title: Type.String(),
              path: Type.String(),
              file: Type.String(),
              models: Type.Optional(strings),
              datasets: Type.Optional(strings),
            },
            open,
          ),
        ),
        systems: Type.Array(
          Type.Object(
            {
              name: Type.String(),
              identity: Type.String(),
              classes: strings,
              offers: strings,
              lacks: Type.Object({}, open),
            },
            open,
          ),
        ),
        datasets: Type.Array(
          Type.Object(
            {
              name: Type.String(),
              role: Type.String(),
              fingerprint: Type.String(),
              size: Type.Integer({ minimum: 0, maximum: MOST_IMAGES }),
              shape: Type.Array(Type.Integer({ minimum: 1 })),
            },
            open,
          ),
        ),
      },
      open,
    ),
    source: Type.Optional(Type.Object({ file: Type.String(), digest: Type.String() })),
    /** Units that failed and are done without, or that read the rows of one that did. */
    leftOut: Type.Optional(
      Type.Object({
        failOnError: Type.Union([Type.Boolean(), Type.Number({ exclusiveMinimum: 0 })]),
        units: Type.Array(
          Type.Object({
            key: Type.String(),
            place: Type.String(),
            reason: Type.String(),
            reader: Type.Boolean(),
            /** Of its examples, in the data set. */
            indices: Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })),
          }),
        ),
      }),
    ),
    digest: Type.String(),
  },
  open,
);

/** A shard that was begun in a run folder. */
export type ShardRecord = Omit<Static<typeof Envelope>, 'order' | 'source'> & {
  order: ShardOrder;
  source?: RunSource;
};

const FOLDER = 'shards';

/** How the results of a shard begin to say what they lack, where that is nothing but the other shards. */
export const ONLY_A_PART = 'this is shard';

/** What to do with partial results that are those of a shard, which running it again does not complete; undefined for others. */
export async function mergeRemedy(
  directory: string,
  { errors }: Pick<Results, 'errors'>,
): Promise<string | undefined> {
  const shards = await readdir(join(directory, FOLDER)).catch(() => []);
  if (shards.length === 0) return undefined;
  const merge = `merge it with the other shards, and take the whole: assay merge ${directory} OTHERS... --out WHOLE`;
  if (errors.every((error) => error.startsWith(ONLY_A_PART))) return merge;
  return `it is not finished: run the same \`assay run ... --shard\` again, which measures what is missing; then ${merge}`;
}

/** Notes which shard of which run is begun in a folder, and at its end what it left out. Errors: `output-unwritable`. */
export async function noteShard(
  out: string,
  shard: ShardName,
  about: Pick<ShardRecord, 'order' | 'source' | 'leftOut'>,
): Promise<void> {
  const { index, of } = shard;
  const record = { version: 1, shard: { index, of }, program: programIdentity(), ...about };
  const plain: object = JSON.parse(JSON.stringify(record));
  await saveJson(join(out, FOLDER, `${shardText(shard)}.json`), { ...plain, digest: keyOf(plain) });
}

/** The shards that were begun in a run folder. Errors: `file-unreadable`, `file-malformed`, `config-invalid`. */
export async function readShards(folder: string): Promise<ShardRecord[]> {
  const names = await readdir(join(folder, FOLDER)).catch((cause: Error) => {
    throw new AssayError('file-unreadable', 'this is not the folder of a shard', {
      file: join(folder, FOLDER),
      expected: 'a folder that `assay run FILE --shard i/n` wrote',
      found: isAbsent(cause) ? 'no such folder' : cause.message,
      hint: 'give the folders of shards; a whole run needs no merging: render it with `assay report`',
      cause,
    });
  });
  const files = names.filter((name) => /^\d+-of-\d+\.json$/.test(name)).sort();
  if (files.length === 0)
    throw new AssayError('file-unreadable', 'no shard was begun in this folder', {
      file: join(folder, FOLDER),
      hint: 'run the shard again with the same --out',
    });
  return Promise.all(files.map((name) => readShard(join(folder, FOLDER, name))));
}

async function readShard(file: string): Promise<ShardRecord> {
  const hint = 'run the shard again: it measures nothing that is stored';
  let value: unknown;
  try {
    value = JSON.parse(await readText(file, 'results'));
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw new AssayError('file-malformed', 'this is not valid JSON', {
      file,
      found: (cause as Error).message,
      hint,
      cause,
    });
  }
  check(Envelope, value, { file, what: 'record of a shard' });
  const { digest, ...rest } = value as ShardRecord;
  const { index, of } = rest.shard;
  if (index > of)
    throw new AssayError('file-malformed', 'the record of a shard is of none', {
      file,
      path: 'shard.index',
      expected: `1 to ${of}`,
      found: String(index),
      hint,
    });
  if (keyOf(rest) !== digest)
    throw new AssayError('file-malformed', 'the record of a shard was changed', {
      file,
      path: 'digest',
      expected: 'the digest of what the file holds',
      found: 'that of something else',
      hint,
    });
  return { ...rest, digest };
}
