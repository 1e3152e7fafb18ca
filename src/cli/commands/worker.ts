import { statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { AssayError } from '../../errors.js';
import { positiveNumber, wholeNumber } from '../options/option-values.js';
import {
  endpointOption,
  queueChoice,
  queueOption,
  type StoreFlags,
  storeOption,
} from '../options/queue-option.js';
import { untilStopped } from '../terminal/stop-signals.js';
import { complain } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

interface WorkerFlags extends StoreFlags {
  queue: string;
  concurrency: number;
  name: string;
  cache: string;
  threads?: number;
  sessions?: number;
  lease: number;
  idle?: number;
  quiet?: boolean;
}

/** `assay worker` */
export function workerCommand(): Command {
  return new Command('worker')
    .description(
      'Measures units of runs that were submitted to a queue, until it is stopped. Any number of workers, on any number of machines, may work for the same queue; the numbers do not depend on who measured them.',
    )
    .argument('[folder]', 'run files in this folder are measured for, and no others', '.')
    .addOption(queueOption().makeOptionMandatory())
    .option('--concurrency <n>', 'units at once, each in a process of its own', wholeNumber(1, 1024), 1)
    .option('--name <name>', 'what `assay status` calls it', hostname())
    .option('--cache <dir>', 'what it keeps of models and data between runs', usualCache())
    .addOption(storeOption())
    .addOption(endpointOption())
    .option('--threads <n>', 'threads per session (default: 1); as the run has them', wholeNumber(1, 1024))
    .option('--sessions <n>', 'sessions side by side (default: one per core)', wholeNumber(1, 1024))
    .option(
      '--lease <seconds>',
      'when it is silent for so long, its units go to others',
      wholeNumber(1, 86_400),
      30,
    )
    .option('--idle <seconds>', 'end after so long without work (default: wait for ever)', positiveNumber)
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay worker --queue redis://queue.local
  $ assay worker /shared/runs --queue rediss://ann@queue.local --concurrency 4     password: ASSAY_QUEUE_PASSWORD
  $ assay worker --queue redis://queue.local --store /shared/units --idle 600      for large rows; ends by itself
  $ assay worker --queue redis://queue.local --store s3://bucket/units             the same, without a shared folder

Units whose worker dies go to another one. Who may write to the queue may name run files in the folder, and so the plug-ins
in it: give the server a password, and the worker a folder that only you write to.`,
    )
    .action(async (folder: string, { queue, store, endpoint, quiet, ...rest }: WorkerFlags) => {
      queueChoice(queue, { store, endpoint });
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
        throw new AssayError('file-unreadable', 'there is no such folder', {
          file: folder,
          expected: 'the folder with the run files that this worker is to measure for',
          hint: 'start the worker in that folder, or name it: `assay worker FOLDER --queue ...`',
        });
      const shared = store === undefined ? undefined : { store, endpoint };
      const progress = terminalProgress(quiet === true);
      const tell = (line: string) => {
        progress.end();
        if (!quiet) complain(`${line}\n`);
      };
      const leftNothing = await untilStopped(async (signal) => {
        const [{ openShared }, { queueAddress }, { connectQueue }, { serve }] = await Promise.all([
          import('../../runs/bullmq/shared-store.js'),
          import('../../runs/bullmq/address.js'),
          import('../../runs/bullmq/connection.js'),
          import('../../runs/bullmq/serve.js'),
        ]);
        // The processes of units open it again: here what is wrong with it ends the worker.
        if (shared) (await openShared(shared, { signal: () => signal, tell })).close?.();
        const link = await connectQueue(queueAddress(queue));
        for (const line of link.warnings) complain(`${line}\n`);
        tell(`worker ${rest.name}: waiting for runs at ${link.address.shown}`);
        return serve({ ...rest, link, folder, shared, signal, tell, notify: progress.listen });
      });
      // BullMQ would keep this process until its server is back. By then this command is done.
      if (!leftNothing) setTimeout(() => process.exit(), 100);
    });
}

const usualCache = () => join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'assay', 'worker');
