import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { AssayError } from '../../errors.js';
import { counted, formatDuration } from '../../report/format.js';
import type { QueueStatus } from '../../runs/bullmq/queue-status.js';
import type { FolderStatus } from '../../runs/opening/planned-units.js';
import { queueOption } from '../options/queue-option.js';
import { untilStopped } from '../terminal/stop-signals.js';
import { complain, print } from '../terminal/terminal.js';

interface StatusFlags {
  queue?: string;
  watch?: boolean;
  json?: boolean;
}

/** How often `--watch` looks, in ms. */
const EVERY = 2000;

/** `assay status` */
export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Shows how far a run is: units that are done, measured now, waiting and failed, how fast it goes, the time left, and who measures. It opens no model, and changes nothing.',
    )
    .argument('[dir]', 'a run folder')
    .addOption(queueOption())
    .option('--watch', 'look again every two seconds, until it is stopped')
    .option('--json', 'print JSON, one line each time')
    .addHelpText(
      'after',
      `
Examples:
  $ assay status assay-runs/my-run
  $ assay status --queue redis://queue.local --watch
  $ assay status --queue redis://queue.local --json | jq '.workers[].name'`,
    )
    .action(async (folder: string | undefined, { queue, watch, json }: StatusFlags) => {
      const { look, close } = await watcher(folder, queue);
      const show = async (signal?: AbortSignal) => {
        const status = await look(signal);
        if (signal?.aborted) return;
        print(json ? `${JSON.stringify(status)}\n` : 'queue' in status ? ofQueue(status) : ofFolder(status));
      };
      try {
        await show();
        if (!watch) return;
        await untilStopped(async (signal) => {
          // A server that is away answers when it is back.
          const stopped = once(signal, 'abort');
          while (!signal.aborted) {
            await sleep(EVERY, undefined, { signal }).catch(() => undefined);
            if (!signal.aborted) await Promise.race([show(signal), stopped]);
          }
        });
      } finally {
        await close();
      }
    });
}

interface Watcher {
  /** @param signal nobody waits for it any more */
  look(signal?: AbortSignal): Promise<QueueStatus | FolderStatus>;
  close(): Promise<void>;
}

async function watcher(folder: string | undefined, queue: string | undefined): Promise<Watcher> {
  if ((folder === undefined) === (queue === undefined))
    throw new AssayError('config-invalid', 'the status of what?', {
      expected: 'a run folder, or --queue URL',
      found: folder === undefined ? 'neither' : 'both',
      hint: '`assay status assay-runs/NAME`, or `assay status --queue redis://HOST`',
    });
  if (queue !== undefined)
    return (await import('../../runs/bullmq/queue-status.js')).watchQueue(queue, (line) =>
      complain(`${line}\n`),
    );
  const { folderStatus } = await import('../../runs/opening/planned-units.js');
  return {
    look: (signal) => folderStatus(folder as string, { signal }),
    close: async () => undefined,
  };
}

const speed = (rate: number | null, secondsLeft: number | null): string =>
  [
    rate === null
      ? ''
      : rate >= 1
        ? `${rate.toFixed(1)} units a second`
        : `${(60 * rate).toFixed(1)} units a minute`,
    secondsLeft === null || secondsLeft === 0 ? '' : `about ${formatDuration(secondsLeft)} left`,
  ]
    .filter((part) => part)
    .join(', ');

function ofFolder({
  title,
  units,
  done,
  running,
  waiting,
  queued,
  rate,
  secondsLeft,
  processes,
}: FolderStatus): string {
  const now = queued ? 'in a queue (`assay status --queue URL` tells which are measured)' : 'measured now';
  const lines = [
    `${title}: ${done} of ${units} units done, ${running.length} ${now}, ${waiting} waiting`,
    speed(rate, done === units ? 0 : secondsLeft),
    ...(queued ? [] : running.map(({ what, by }) => `  ${what} (${by})`)),
    processes.length === 0 && done < units ? 'no process is measuring: `assay run` continues' : '',
  ];
  return `${lines.filter((line) => line).join('\n')}\n`;
}

function ofQueue({ queue, runs, workers }: QueueStatus): string {
  const titles = new Map(runs.map(({ id, title }) => [id, title]));
  const lines = [
    `${queue}: ${counted(runs.length, 'run')}, ${counted(workers.length, 'worker')}`,
    ...runs.flatMap(({ title, by, done, units, running, waiting, failed, rate, secondsLeft }) => [
      `${title} (${by}): ${done} of ${units} units done, ${running} measured now, ${waiting} waiting${failed > 0 ? `, ${failed} failed` : ''}`,
      `  ${speed(rate, done === units ? 0 : secondsLeft)}`,
    ]),
    runs.length > 0 && workers.length === 0
      ? 'nobody measures: `assay worker --queue URL` on any machine does'
      : '',
    ...workers.flatMap(({ name, host, pid, concurrency, run, units, done, failed, seconds, refused }) => [
      `worker ${name} (${host}, process ${pid}): ${run === null || (units.length === 0 && !titles.has(run)) ? 'idle' : `${units.length} of ${concurrency} busy with ${titles.get(run) ?? 'a run that has ended'}`}, ${done} done${failed > 0 ? `, ${failed} failed` : ''} in ${formatDuration(seconds)}`,
      ...Object.entries(refused).map(([id, why]) => `  not ${titles.get(id) ?? id}: ${why}`),
    ]),
  ];
  return `${lines.filter((line) => line.trim()).join('\n')}\n`;
}
