import { AssayError } from '../../errors.js';
import { counted } from '../../report/format.js';
import type { PluginSources } from '../asked/plugin-modules.js';
import { shardText } from '../folder/shard-name.js';
import type { ShardRecord } from './shard-record.js';
import { type Difference, valueDifferences } from './value-differences.js';

/** A shard and the folder that it lies in. */
export interface FoundShard {
  folder: string;
  record: ShardRecord;
}

/** What a merge is told to take. */
export interface MergeTolerance {
  /** The results of what is there, which are partial. */
  allowMissing?: boolean;
  /** Shards that another Assay, Node or machine measured. */
  allowVersions?: boolean;
  /** A shard that is there more than once. */
  allowDuplicates?: boolean;
}

/**
 * Refuses shards that do not make up one run.
 * @param shards at least one
 * Errors: `not-comparable` for shards of other runs, engines, versions and splits, and for shards given twice;
 * `results-partial` where some are missing.
 */
export function refuseUnlike(shards: readonly FoundShard[], allow: MergeTolerance): void {
  const [first, ...others] = shards as readonly [FoundShard, ...FoundShard[]];
  for (const other of others) {
    refuseEngine(first, other);
    if (!allow.allowVersions) refuseVersions(first, other);
    refuseConfig(first, other);
    refuseSplit(first, other);
  }
  if (!allow.allowDuplicates) refuseTwice(shards);
  if (!allow.allowMissing) refuseMissing(shards);
}

function refuseEngine(a: FoundShard, b: FoundShard): void {
  if (a.record.order.engine === b.record.order.engine) return;
  throw new AssayError('not-comparable', 'the shards were measured on different engines', {
    file: b.folder,
    expected: `${a.record.order.engine}, as in ${a.folder}`,
    found: b.record.order.engine,
    hint: 'floating point of two engines is not mixed into one result: run that shard again on the first one, with --engine and --device',
  });
}

/** What makes another program of it: the first that differs is told. */
const versions: readonly { what: string; of: (record: ShardRecord) => string }[] = [
  { what: 'versions of Assay', of: ({ order }) => order.environment.assay },
  { what: 'versions of Node', of: ({ order }) => order.environment.node },
  { what: 'platforms', of: ({ order }) => order.environment.platform },
  { what: 'processors', of: ({ order }) => order.environment.cpu.replace(/^\d+ × /, '') },
  { what: 'plug-ins', of: ({ order }) => pluginsText(order.sources) },
  { what: 'builds of Assay or of what it depends on', of: ({ program }) => program.slice(0, 12) },
];

const pluginsText = ({ digests = {} }: PluginSources): string =>
  Object.entries(digests)
    .map(([module, digest]) => `${module} ${digest.slice(0, 12)}`)
    .join(', ');

function refuseVersions(a: FoundShard, b: FoundShard): void {
  for (const { what, of } of versions) {
    if (of(a.record) === of(b.record)) continue;
    throw new AssayError('not-comparable', `the shards were measured with different ${what}`, {
      file: b.folder,
      expected: `${of(a.record)}, as in ${a.folder}`,
      found: of(b.record),
      hint: 'numbers may differ in their last digits: run that shard again with the same, or take both with --allow-versions',
    });
  }
}

/** Differences that are told; more are counted. */
const TOLD = 5;

function refuseConfig(a: FoundShard, b: FoundShard): void {
  const differences = valueDifferences(a.record.order.config, b.record.order.config);
  if (differences.length === 0 && a.record.order.key === b.record.order.key) return;
  const [one, ...more] = differences;
  const rest = more.length - TOLD + 1;
  throw new AssayError('not-comparable', 'the shards are of different runs', {
    file: b.folder,
    path: one ? `config.${one.path}` : 'key',
    expected: one
      ? `${one.a ?? 'nothing'}, as in ${a.folder}`
      : 'the same models and data: what they are hashes to another key',
    found: one ? (one.b ?? 'nothing') : b.record.order.key.slice(0, 12),
    hint: 'measure all shards from one run file, with the same --limit and --seed, and the same models and data',
    also: [
      ...more.slice(0, TOLD - 1).map(lineOf),
      ...(rest > 0 ? [`${counted(rest, 'more difference')}`] : []),
    ],
  });
}

const lineOf = ({ path, a, b }: Difference) => `config.${path}: ${a ?? 'nothing'} and ${b ?? 'nothing'}`;

function refuseSplit(a: FoundShard, b: FoundShard): void {
  if (a.record.shard.of === b.record.shard.of) return;
  throw new AssayError('not-comparable', 'the shards are of different splits', {
    file: b.folder,
    expected: `one of ${a.record.shard.of}, as in ${a.folder}`,
    found: shardText(b.record.shard),
    hint: `give the ${a.record.shard.of} shards of one split`,
  });
}

function refuseTwice(shards: readonly FoundShard[]): void {
  const seen = new Map<number, FoundShard>();
  for (const shard of shards) {
    const { index } = shard.record.shard;
    const before = seen.get(index);
    seen.set(index, shard);
    if (!before) continue;
    throw new AssayError('not-comparable', `shard ${shardText(shard.record.shard)} is there twice`, {
      file: shard.folder,
      found: `the same shard in ${before.folder}`,
      hint: 'leave one of them out, or take whichever unit is whole with --allow-duplicates',
    });
  }
}

function refuseMissing(shards: readonly FoundShard[]): void {
  const { of } = shards[0]!.record.shard;
  const there = new Set(shards.map(({ record }) => record.shard.index));
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((index) => !there.has(index));
  if (missing.length === 0) return;
  const named = missing.slice(0, 8).map((index) => shardText({ index, of }));
  throw new AssayError('results-partial', `${counted(missing.length, 'shard')} of ${of} missing`, {
    expected: `the folders of all ${of} shards`,
    found: `not ${named.join(', ')}${missing.length > named.length ? ', ...' : ''}`,
    hint: 'give their folders too, or summarise what is there, as partial results, with --allow-missing',
  });
}
