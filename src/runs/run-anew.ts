import { admit } from '../bytes/confine.js';
import { gatherEvidence } from '../bytes/evidence.js';
import { emptyLog, logReads } from '../bytes/read-log.js';
import { AssayError } from '../errors.js';
import type { Suite } from '../suites/contract.js';
import type { WorkOptions } from './asked/work-options.js';
import type { QueueChoice } from './bullmq/queue-choice.js';
import type { submission } from './bullmq/submission.js';
import type { RunOutcome } from './concluding/outcome.js';
import { endingCalls } from './end-calls.js';
import { baselineAt } from './folder/baseline.js';
import type { Question } from './folder/finished.js';
import { usualFolder } from './folder/run-folder.js';
import type { ShardName } from './folder/shard-name.js';
import type { FailOnError } from './measuring/left-out.js';
import type { Listener } from './measuring/progress.js';
import { engineOf, loadRun, openRun } from './opening/open-run.js';
import { runEvaluation } from './run-evaluation.js';
import { withCaches } from './units/cached-units.js';
import { FolderStore } from './units/store.js';
import { workersFor } from './workers/run-workers.js';
import type { WorkersAhead } from './workers/workers-ahead.js';

export interface RunOptions extends WorkOptions {
  /** The run folder. Default: `assay-runs/NAME` in the working folder. */
  out?: string;
  /** Suites besides the built-in ones and the run file's plugins. */
  suites?: readonly Suite[];
  /** The folder of the baseline that gates with `over: blessed` compare with. */
  baseline?: string;
  /** Measures one shard of the run, for `merge`. */
  shard?: ShardName;
  /**
   * Processes that measure side by side; `auto`: as many as there are cores, if they turn out to be faster than this one
   * alone. What they measure does not depend on it. Default: none but this one.
   */
  workers?: number | 'auto' | undefined;
  /** Seconds that a unit may take, before it is tried once more and then given up. Default: as the run file says. */
  unitTimeout?: number;
  /** How many units, or which share of them, may not fail before the run ends with an error. Default: as the run file says. */
  failOnError?: FailOnError;
  /**
   * Other run folders, folders of run folders, or `s3://BUCKET/PREFIX`: what they hold of the units of this run is taken over, in place of
   * being measured. No result depends on it.
   */
  cache?: readonly string[];
  /** The server of what in `cache` is a store that speaks S3. Default: as the environment says, and otherwise Amazon's. */
  endpoint?: string | undefined;
  /** Has units measured by the workers of a queue. */
  queue?: QueueChoice;
  /** Ends the run; what is measured is kept, and the results are partial. */
  signal?: AbortSignal;
  notify?: Listener;
}

/**
 * A run that looks for itself what there is to do, and at its end what it read to find that out.
 * @param asked what it is noted under; undefined where the same words may mean something else
 * @param ahead worker processes that were started before
 */
export async function runAnew(
  file: string,
  options: RunOptions,
  asked?: string,
  ahead?: WorkersAhead,
): Promise<RunOutcome> {
  const told = options.notify ?? (() => undefined);
  const signal = options.signal ?? new AbortController().signal;
  const log = emptyLog();
  const loaded = await logReads(log, () => loadRun(file, options));
  const { read } = loaded;
  const { unitTimeout = read.config.unitTimeout, failOnError = read.config.failOnError } = options;
  if (options.untilDecided && read.config.gates.length === 0) throw nothingToDecide(file);
  const { shard } = options;
  if (options.untilDecided && shard) throw neverSplit();
  const out = options.out ?? usualFolder(read.title, shard);
  admit(out);
  if (options.baseline !== undefined) admit(options.baseline);
  const { cache = [], endpoint } = options;
  // Nothing is loaded for an output that cannot be written.
  await FolderStore.open(out);
  const tell = (text: string) => told({ kind: 'note', text });
  return withCaches(cache, out, { endpoint, signal, tell }, async (caches) => {
    // Nor for a queue that cannot be entered.
    const submission =
      options.queue && (await submitTo(options.queue, { loaded, options, out, unitTimeout, signal, told }));
    try {
      const { notify = told } = submission ?? {};
      const workers =
        options.workers === undefined ? undefined : workersFor(loaded, { ...options, out, notify, ahead });
      const executorFor = submission?.executorFor ?? workers;
      notify({ kind: 'stage', text: 'opening models and data' });
      const engine = await engineOf(loaded, options);
      return await endingCalls(engine, signal, async () => {
        const { spec, close } = await logReads(log, () =>
          openRun(loaded, engine, { ...options, out, notify, signal }),
        );
        try {
          const { baseline: blessed } = options;
          const baseline = blessed === undefined ? undefined : await logReads(log, () => baselineAt(blessed));
          const question = async (): Promise<Question | undefined> => {
            const read = await gatherEvidence(log);
            return asked !== undefined && read ? { asked, engine: spec.evaluation.engine, read } : undefined;
          };
          return await runEvaluation(
            { ...spec, ...(baseline && { baseline }), question },
            {
              ...{ out, signal, notify, caches, failOnError },
              // Units wait in a queue for as long as it takes: whoever measures them keeps the time.
              ...(!submission && { unitTimeout }),
              ...(shard && { shard }),
              ...(executorFor && { executorFor, queued: submission !== undefined }),
            },
          );
        } finally {
          await close();
        }
      });
    } finally {
      submission?.end();
    }
  });
}

/** What submits to queues is loaded by runs that have one. */
const submitTo = async (...given: Parameters<typeof submission>) =>
  (await import('./bullmq/submission.js')).submission(...given);

const nothingToDecide = (file: string) =>
  new AssayError('config-invalid', '--until-decided measures until gates are decided, and there are none', {
    file,
    path: 'gates',
    expected: 'at least one rule, such as { measure: accuracy, where: { model: NAME }, min: 0.9 }',
    hint: 'add `gates` to the run file, or leave --until-decided out: everything is measured then',
  });

const neverSplit = () =>
  new AssayError('config-invalid', '--until-decided and --shard do not go together', {
    expected: 'one of them: when gates are decided, only who sees all examples can tell',
    found: 'both',
    hint: 'split the run without --until-decided, or run it as a whole with it',
  });
