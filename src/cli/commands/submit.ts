import { Command, InvalidArgumentError, Option } from 'commander';
import { engineNames } from '../../engines/registry.js';
import { slug as slugOf } from '../../report/names.js';
import { MOST_SHARDS } from '../../runs/folder/shard-name.js';
import { targets } from '../../submit/registry.js';
import type { Settings } from '../../submit/submission.js';
import { cacheOption, cachesOfEnvironment } from '../options/cache-option.js';
import { batchMemory, memoryLimit, timeLimit } from '../options/limit-options.js';
import { positiveNumber, positiveUpTo, wholeNumber } from '../options/option-values.js';
import { costShown, probeSize } from '../running/cost-shown.js';
import { writeNew } from '../starting/write-new.js';
import { costLine, shardTable } from '../terminal/cost-text.js';
import { complain, print } from '../terminal/terminal.js';

/** Options of a run that its shards take over. */
interface Passed {
  limit?: number;
  seed?: number;
  engine?: string;
  device?: string;
  threads?: number;
  sessions?: number;
  cache?: string[];
  baseline?: string;
  unitTimeout?: number;
  failOnError?: number | false;
  timeLimit?: number;
  memoryLimit?: number;
  batchMemory?: number;
}

interface SubmitFlags extends Passed, Settings {
  shards: number;
  out?: string;
  write?: string;
  assay: string[];
  probe?: true | number;
}

/** `assay submit TARGET RUN --shards N` */
export function submitCommand(): Command {
  return new Command('submit')
    .description(
      'Writes what a cluster needs to measure a run in shards and to merge them: the script of a Slurm job array, an indexed Job of Kubernetes, or a workflow of GitHub Actions with a matrix. What each shard takes is printed first. Nothing is submitted: the commands that do so are printed.',
    )
    .argument('<target>', targets.names.join(', '), known)
    .argument('<file>', 'the run file, as the shards find it')
    .requiredOption('--shards <n>', 'how many', wholeNumber(1, MOST_SHARDS))
    .option(
      '-o, --out <dir>',
      'the run folder of the whole (default: assay-runs/NAME); shards go to DIR.shards',
    )
    .option(
      '--write <file>',
      'where to write (default: NAME.slurm.sh, NAME.k8s.yaml, .github/workflows/NAME.yml)',
    )
    .option('--limit <n>', 'as of `assay run`', wholeNumber(1))
    .option('--seed <s>', 'as of `assay run`', wholeNumber(0, 0xffffffff))
    .addOption(new Option('--engine <name>', 'as of `assay run`').choices(engineNames))
    .option('--device <name>', 'as of `assay run`')
    .option('--threads <n>', 'as of `assay run`', wholeNumber(1, 1024))
    .option('--sessions <n>', 'as of `assay run`', wholeNumber(1, 1024))
    .addOption(cacheOption())
    .option('--baseline <dir>', 'as of `assay run`; the merge takes it over')
    .option('--unit-timeout <s>', 'as of `assay run`', positiveUpTo(1e6))
    .option('--fail-on-error <n>', 'as of `assay run`, of each shard and of the merge', positiveNumber)
    .option('--no-fail-on-error', 'as of `assay run`')
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(batchMemory())
    .option('--probe [n]', 'measure n examples first (default: 64), to tell times', wholeNumber(32, 4096))
    .option('--assay <words...>', 'how the command is called there', ['assay'])
    .option('--cpus <n>', 'cores of a shard', wholeNumber(1, 1024), 4)
    .option('--memory <size>', 'memory of a shard, such as 8G', sized)
    .option('--time <minutes>', 'minutes a shard may take (default: twice the estimate)', wholeNumber(1))
    .option('--gpus <n>', 'GPUs of a shard', wholeNumber(1, 64))
    .option('--partition <name>', 'slurm: the partition', plainName)
    .option('--account <name>', 'slurm: the account', plainName)
    .option('--image <name>', 'kubernetes: the image with Assay in it (needed)', imageName)
    .option(
      '--claim <name>',
      'kubernetes: the claim of the volume with models, data and run file (needed)',
      dnsName,
    )
    .option('--mount <dir>', 'kubernetes: where the volume is mounted; paths start there', mountPath, '/work')
    .option('--namespace <name>', 'kubernetes: the namespace', dnsLabel)
    .option(
      '--install <command>',
      'github: what installs Assay there (needed), such as npm install --global ./assay-0.1.0.tgz',
    )
    .option('--runner <label>', 'github: what the jobs run on', 'ubuntu-latest')
    .addHelpText(
      'after',
      `
Examples:
  $ assay submit slurm big.run.yaml --shards 16 --partition gpu --gpus 1 --device cuda --memory 32G
  $ assay submit kubernetes big.run.yaml --shards 16 --image registry.example/assay:0.1.0 --claim models
  $ assay submit github small.run.yaml --shards 4 --install 'npm install --global ./assay-0.1.0.tgz'`,
    )
    .action(async (name: string, file: string, flags: SubmitFlags & { time?: number }) => {
      const target = targets.named(name);
      const { limit, seed, engine, device, threads, sessions, out, shards } = flags;
      const measured = { limit, seed, engine, device, threads, sessions };
      const { cache, baseline, unitTimeout, failOnError } = flags;
      const { timeLimit: seconds, memoryLimit: mebibytes, batchMemory: batchMebibytes } = flags;
      const passed: Passed = {
        ...measured,
        ...{ cache, baseline, unitTimeout, timeLimit: seconds, memoryLimit: mebibytes },
        ...{ batchMemory: batchMebibytes, failOnError },
      };
      const writtenFor = (title: string, out: string, seconds?: number) =>
        target.write({
          ...{ title, slug: slugOf(title), shards, out, seconds },
          run: ['run', file, ...wordsOf(passed)],
          assay: flags.assay,
          settings: { ...flags, minutes: flags.time },
        });
      // What a target cannot do without is asked for before anything is opened, or measured for the estimate.
      writtenFor('run', out ?? 'run');
      const cost = await costShown(file, {
        ...measured,
        cache: [...(cache ?? []), ...cachesOfEnvironment()],
        limits: { seconds, mebibytes, batchMebibytes },
        out,
        shards,
        probe: probeSize(flags.probe),
      });
      const { sharding, anew } = cost;
      if (!sharding || !anew) return;
      const expected = anew.seconds;
      const most = Math.max(...sharding.shards.map(({ weight }) => weight / (sharding.weight || 1)));
      const { title } = cost;
      const written = writtenFor(title, out ?? cost.directory, expected && expected * most);
      print(`${title}: ${costLine(anew)}\n\n${shardTable(sharding, anew)}\n\n`);
      const idle = sharding.shards.filter(({ units }) => units.size === 0).length;
      if (idle > 0)
        complain(`! ${idle} of ${shards} shards have nothing to do: the run has too few units for so many\n`);
      for (const note of written.notes) complain(`! ${note}\n`);
      const to = flags.write ?? target.file(slugOf(title));
      await writeNew(to, written.text, 'name another file with --write');
      print(
        `Written: ${to}. Submit it with:\n${written
          .next(to)
          .map((line) => `  ${line}\n`)
          .join('')}`,
      );
    });
}

/** The words of options, as they are typed. */
const wordsOf = (passed: Passed): string[] =>
  Object.entries(passed).flatMap(
    ([name, value]: [string, string | number | false | string[] | undefined]) => {
      const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      if (value === undefined) return [];
      if (value === false) return [`--no-${option}`];
      return [value].flat().flatMap((one) => [`--${option}`, String(one)]);
    },
  );

/** Errors: that of commander, which names what there is. */
function known(name: string): string {
  if (targets.has(name)) return name;
  throw new InvalidArgumentError(`Expected one of: ${targets.names.join(', ')}.`);
}

function plainName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.,-]*$/.test(name)) return name;
  throw new InvalidArgumentError('Expected letters, digits, hyphens, dots, commas and underscores.');
}

const LABEL = '[a-z0-9]+(?:-+[a-z0-9]+)*';

/** A name of Kubernetes, which is a part of host names: RFC 1123. */
function dnsLabel(name: string): string {
  if (new RegExp(`^(?=.{1,63}$)${LABEL}$`).test(name)) return name;
  throw new InvalidArgumentError(
    'Expected at most 63 small letters, digits and hyphens, with no hyphen at an end.',
  );
}

/** A name of Kubernetes that may have several of these parts. */
function dnsName(name: string): string {
  if (new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`).test(name)) return name;
  throw new InvalidArgumentError(
    'Expected at most 253 small letters, digits, hyphens and dots, with a letter or digit at the ends of each part.',
  );
}

function imageName(name: string): string {
  if (/^[A-Za-z0-9][\w.:/@-]*$/.test(name)) return name;
  throw new InvalidArgumentError('Expected an image such as registry.example/assay:0.1.0.');
}

/** Kubernetes takes no colon in it. */
function mountPath(path: string): string {
  if (/^\/[^:]+$/.test(path)) return path;
  throw new InvalidArgumentError('Expected a path that begins with /, without a colon, such as /work.');
}

function sized(text: string): string {
  // Slurm takes no fractions.
  if (/^[1-9]\d*[KMGT]$/.test(text)) return text;
  throw new InvalidArgumentError('Expected a whole number with K, M, G or T, such as 8G or 1536M.');
}
