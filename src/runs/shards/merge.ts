import { join } from 'node:path';
import { FolderClaims } from '../../bytes/claims.js';
import { admit } from '../../bytes/confine.js';
import { AssayError } from '../../errors.js';
import type { Results } from '../../suites/results.js';
import { concludeApart } from '../concluding/conclude-apart.js';
import { type ConcludeOrder, resultsInput } from '../concluding/conclude-order.js';
import { noteConcluded } from '../concluding/concluded.js';
import { conclusionOf } from '../concluding/conclusion-claim.js';
import { exitCodeOf, type RunOutcome } from '../concluding/outcome.js';
import type { ResultsInput } from '../concluding/results.js';
import { baselineAt } from '../folder/baseline.js';
import { beginningOf, recordOf } from '../folder/run-record.js';
import { saveJson } from '../folder/save-json.js';
import { sinceEpoch } from '../folder/since-epoch.js';
import type { Listener } from '../measuring/progress.js';
import { runKey } from '../plan/seal.js';
import { gathered } from './gather-shards.js';
import { type FoundShard, type MergeTolerance, refuseUnlike } from './mergeable.js';
import { readShards } from './shard-record.js';

export interface MergeOptions extends MergeTolerance {
  /** The run folder of the whole. */
  out: string;
  /** Instead of the one that the shards were given. */
  baseline?: string | undefined;
  signal?: AbortSignal;
  notify?: Listener;
}

/**
 * Puts the shards of a run together in a run folder, and concludes the run: the results are those of one process, but for
 * times. Neither models nor data are opened. Plug-ins must be those of the shards, unless versions may differ.
 * Errors: as `readShards` and `refuseUnlike`; `results-partial` where units are missing; `results-stale` where this program
 * would measure something else; `output-unwritable`.
 */
export async function merge(folders: readonly string[], options: MergeOptions): Promise<RunOutcome> {
  const { out, notify = () => undefined, signal = new AbortController().signal, ...allow } = options;
  const { allowMissing } = allow;
  const began = sinceEpoch();
  for (const folder of [out, ...folders]) admit(folder);
  notify({ kind: 'stage', text: 'reading shards' });
  const shards: FoundShard[] = [];
  for (const folder of folders)
    for (const record of await readShards(folder)) shards.push({ folder, record });
  refuseUnlike(shards, allow);
  const { record } = shards[0]!;
  const baseline = options.baseline === undefined ? undefined : await baselineAt(options.baseline);
  const environment = environmentOfAll(shards);
  const { digests: _, ...anyVersion } = record.order.sources;
  const order: ConcludeOrder = {
    ...record.order,
    sources: allow.allowVersions ? anyVersion : record.order.sources,
    environment,
    ...(baseline && { baseline: baseline.directory }),
    execution: { stored: 0, measured: 0, costs: [], failures: [] },
    began,
    out,
  };
  const input = await plannedAgain(order, shards[0]!.folder);
  refuseOtherPlan(input, record.order.key, shards[0]!.folder);
  const claims = await FolderClaims.open(out);
  try {
    // Another process may merge the same, or run what was merged.
    const claim = await conclusionOf(claims, signal, notify);
    return await conclusion().finally(() => claim.release());
  } finally {
    await claims.close();
  }
  async function conclusion(): Promise<RunOutcome> {
    const { sources } = order;
    const execution = await gathered(input, shards, { notify, signal, allowMissing, file: sources.file });
    await saveJson(join(out, 'run.json'), beginningOf(recordOf(out, input.key, record.source), input));
    const whole = { ...input, execution };
    const { results, failures } = await concludeApart(whole, { out, signal, notify, sources });
    // Units that were left out are tried again by the next run.
    if (!execution.leftOut) await noteConcluded(out, results, baseline?.identity);
    return {
      directory: out,
      results,
      failures,
      stored: execution.stored,
      measured: 0,
      exitCode: exitCodeOf(results, execution.stopped),
    };
  }
}

/** Errors: those of planning; `file-malformed` for the record of a shard of which no plan can be made. */
async function plannedAgain(order: ConcludeOrder, folder: string): Promise<ResultsInput> {
  try {
    return await resultsInput(order);
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    throw new AssayError('file-malformed', 'no plan can be made of the record of a shard', {
      file: folder,
      path: 'order',
      found: (cause as Error).message,
      hint: 'run the shard again: it measures nothing that is stored',
      cause,
    });
  }
}

/** What was measured on several machines names them all. */
function environmentOfAll(shards: readonly FoundShard[]): Results['environment'] {
  const all = shards.map(({ record }) => record.order.environment);
  const joined = (of: (one: Results['environment']) => string | undefined) =>
    [...new Set(all.map(of).filter((one) => one !== undefined))].join('; ');
  const git = joined((one) => one.git);
  return {
    ...all[0]!,
    assay: joined((one) => one.assay),
    node: joined((one) => one.node),
    platform: joined((one) => one.platform),
    cpu: joined((one) => one.cpu),
    ...(git !== '' && { git }),
  };
}

/** Errors: `results-stale`. */
function refuseOtherPlan({ plan, config }: ResultsInput, key: string, folder: string): void {
  if (runKey(config, plan.jobs) === key) return;
  throw new AssayError('results-stale', 'this Assay would measure something else', {
    file: folder,
    expected: `the units of the run ${key.slice(0, 12)}`,
    found: 'others: it was another version of Assay, or of a plug-in, that measured the shards',
    hint: 'merge with the version that measured them, or run the shards again',
  });
}
