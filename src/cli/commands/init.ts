import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Limits } from '../../engines/guard/limits.js';
import { AssayError } from '../../errors.js';
import { formatDuration } from '../../report/format.js';
import type { RunFile } from '../../runs/asked/run-file.js';
import type { Listener } from '../../runs/measuring/progress.js';
import { confine } from '../options/confine-option.js';
import { type LimitFlags, memoryLimit, timeLimit } from '../options/limit-options.js';
import { repeated } from '../options/option-values.js';
import { presetOption } from '../options/preset-option.js';
import type { PresetRequest } from '../presets/prepare.js';
import { presetFolder } from '../presets/preset-folder.js';
import { draftsFor } from '../starting/card-drafts.js';
import { type DataFlag, dataFlag, lookedAt, namedData } from '../starting/init-data.js';
import { placeFrom } from '../starting/place-from.js';
import { emptyCard, runFileText } from '../starting/starter-files.js';
import { writeNew } from '../starting/write-new.js';
import { explainFailure } from '../terminal/failure.js';
import { print } from '../terminal/terminal.js';
import { terminalProgress } from '../terminal/terminal-progress.js';

interface InitFlags extends LimitFlags {
  checkpoint?: string[];
  data?: DataFlag[];
  preset?: string;
}

/** `assay init` */
export function initCommand(): Command {
  return new Command('init')
    .description(
      'Writes a model card for each checkpoint and one run file, with comments. Cards say what can be read off a checkpoint, and comments say what cannot. With data as well, everything is opened to see that the run can begin, and a few passes are timed: the command of a short first look is printed, with the time that it will take here: under a minute, unless 20 examples of heavy networks take more.',
    )
    .argument('[dir]', 'where to write them', '.')
    .addOption(
      new Option(
        '-c, --checkpoint <file>',
        'a checkpoint to write a card for; repeat it to compare several',
      ).argParser(repeated((file) => file)),
    )
    .addOption(
      new Option(
        '-d, --data <[ROLE:]file>',
        'a data set; ROLE is test (the default), validation, train, near or far (OOD sets); repeat it for each',
      ).argParser(repeated(dataFlag)),
    )
    .addOption(presetOption())
    .addOption(timeLimit())
    .addOption(memoryLimit())
    .addOption(confine())
    .addHelpText(
      'after',
      `
Examples:
  $ assay init --checkpoint model.onnx
  $ assay init -c model.onnx --data ./test.npz
  $ assay init comparison -c base.onnx -c jem.pt --data ./cifar-10-batches-bin --data far:./svhn.npz
  $ assay init mine --preset jem -c CIFAR10_MODEL.pt --data ./data     a whole protocol; \`assay run --preset\` runs it at once`,
    )
    .action(async (directory: string, flags: InitFlags) => {
      const { checkpoint: checkpoints = [], data = [], timeLimit: seconds, memoryLimit: mebibytes } = flags;
      const limits = { seconds, mebibytes };
      if (flags.preset !== undefined) {
        const { run, engine, told, short } = await withProgress((notify) =>
          preparePreset(flags.preset!, directory, flags, {
            limits,
            tell: (stage) => notify({ kind: 'stage', ...stage }),
          }),
        );
        const words = ['--preset', flags.preset, checkpoints[0]!, '--data', data[0]!.file];
        const look = {
          command: `assay run ${words.map(inShell).join(' ')}`,
          short,
          out: presetFolder(flags.preset, checkpoints[0]!),
        };
        print(`${told.join('\n')}\n\n${await nextStep(run, { known: true, engine, limits, look })}\n`);
        return;
      }
      const drafts = checkpoints.length > 0 ? await draftsFor(checkpoints, directory, limits) : [emptyCard()];
      const place = (file: string) => placeFrom(directory, file);
      const cards = drafts.map((draft) => ({ ...draft, file: `${draft.name}.model.yaml` }));
      const run = join(directory, `${cards.length > 1 ? 'comparison' : cards[0]!.name}.run.yaml`);
      const files = [
        ...cards.map(({ file, text }) => [join(directory, file), text] as const),
        [run, runFileText(cards, namedData(await lookedAt(data), place))] as const,
      ];
      for (const [file, text] of files) await writeNew(file, text);
      const engine = drafts.find((draft) => draft.engine)?.engine;
      const known = checkpoints.length > 0 && data.length > 0;
      print(
        `${files.map(([file]) => file).join('\n')}\n\n${await nextStep(run, { known, engine, limits })}\n`,
      );
    });
}

/** A protocol is for one checkpoint, and looks for its data in one folder. */
async function preparePreset(
  preset: string,
  directory: string,
  { checkpoint = [], data = [] }: InitFlags,
  tools: Pick<PresetRequest, 'limits' | 'tell'>,
) {
  if (checkpoint.length !== 1 || data.length !== 1 || data[0]!.role !== 'test')
    throw new AssayError('config-invalid', '--preset is for one checkpoint and one folder of data sets', {
      expected: `assay init DIR --preset ${preset} --checkpoint FILE --data FOLDER`,
      found: `${checkpoint.length} checkpoints, ${data.length} data sets`,
      hint: 'add more data sets and models to the run file that it writes',
    });
  const { prepare } = await import('../presets/prepare.js');
  return prepare({ preset, checkpoint: checkpoint[0]!, data: data[0]!.file, directory, ...tools });
}

interface NextStep {
  /** Checkpoints and data are there, so that it can be tried. */
  known: boolean;
  engine: string | undefined;
  limits: Partial<Limits>;
  /** Of a protocol, whose first look has short attacks as well: the command, the suites, and where it writes. */
  look?: { command: string; short: RunFile['suites']; out: string };
}

/** What to type next. What the run would refuse is told now: the files are written, and the rest is an edit of them. */
async function nextStep(run: string, { known, engine, limits, look }: NextStep): Promise<string> {
  // A first look and all of it go to one folder.
  const to = look ? ` --out ${inShell(look.out)}` : '';
  const command = `assay run ${inShell(run)}${engine ? ` --engine ${engine}` : ''}${to}`;
  if (!known) return `Fill in what the comments ask for, then:\n  $ ${command}`;
  const { firstLook } = await import('../../runs/opening/first-look.js');
  try {
    const { limit, seconds, allSeconds } = await withProgress((notify) =>
      firstLook(run, { engine, limits, notify, ...(look && { short: look.short }) }),
    );
    const about = (time: number) => `about ${formatDuration(Math.max(10, 5 * Math.ceil(time / 5)))}`;
    if (limit === undefined)
      return `Check what the comments say. Everything opens; the run takes ${about(allSeconds)} on this machine:\n  $ ${command}`;
    return [
      'Check what the comments say. Everything opens.',
      `A first look, at the first ${limit} examples of every data set${look ? ' and with short attacks' : ''} (${about(seconds)} on this machine; its numbers are rough):`,
      `  $ ${look?.command ?? command} --limit ${limit}`,
      `All of it (${about(allSeconds)}):`,
      `  $ ${command}`,
    ].join('\n');
  } catch (error) {
    return `The files need an edit before they run:\n\n${explainFailure(error, false)}\nThen:\n  $ ${command}`;
  }
}

/** Shows what is fetched and opened while it is waited for. */
async function withProgress<T>(work: (notify: Listener) => Promise<T>): Promise<T> {
  const progress = terminalProgress(false);
  return work(progress.listen).finally(() => progress.end());
}

/** A path as a shell takes it. */
const inShell = (file: string) => (/^[\w./+-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`);
