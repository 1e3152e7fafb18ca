import { Command, Option } from 'commander';
import { readRules } from '../../gate/rule-file.js';
import { recalibrators as recalibratorTable } from '../../metrics/recalibration/registry.js';
import { readSuiteFile, usualSuites } from '../../runs/asked/suite-file.js';
import { scores as scoreTable } from '../../scores/registry.js';
import { isOfOutputs, scoreSets } from '../../scores/sets.js';
import { confine } from '../options/confine-option.js';
import { repeated, wholeNumber } from '../options/option-values.js';
import { pluginOption } from '../options/plugin-option.js';
import {
  checkSuiteFlags,
  commaList,
  type ModelFile,
  modelFile,
  modelNames,
  type OodFile,
  oodFile,
  oodSets,
  readClassNames,
  validationFiles,
} from '../options/score-options.js';
import { interactiveRun } from '../running/interactive-run.js';
import { type ReporterFlags, reporterOptions } from '../terminal/reporting.js';

interface ScoreFlags extends ReporterFlags {
  logits: ModelFile[];
  labels?: string;
  ood?: OodFile[];
  validationLogits?: ModelFile[];
  validationLabels?: string;
  probabilities?: boolean;
  classes?: string;
  dataset?: string;
  name?: string;
  bins?: number;
  topK?: number[];
  scores?: string[];
  recalibrators?: string[];
  suites?: string;
  plugin: string[];
  gates?: string;
  baseline?: string;
  seed?: number;
  out?: string;
  quiet?: boolean;
  debug?: boolean;
}

/** Scores that saved predictions may be enough for, and names of several. */
const usable = () => [
  ...[...scoreTable].filter(isOfOutputs).map(({ id }) => id),
  ...scoreSets.map(({ name, title }) => `${name} (${title})`),
];

/** `assay score` */
export function scoreCommand(): Command {
  const command = new Command('score')
    .description(
      'Measures logits or probabilities that another program saved: accuracy, calibration and OOD detection, with the intervals, report, sheets and gates of `assay run`. What needs a model (attacks, input gradients, purification) is not applicable. Files are .npy, .npz (FILE.npz:ARRAY where it holds several) or .csv (FILE.csv:COLUMN).',
    )
    .addOption(
      new Option(
        '-l, --logits <[MODEL=]file>',
        'logits (examples, classes); repeat it for each model to compare',
      )
        .argParser(repeated(modelFile))
        .makeOptionMandatory(),
    )
    .option(
      '-y, --labels <file>',
      'class numbers from 0, one per example; without them only OOD detection is measured',
    )
    .addOption(
      new Option(
        '--ood <[near:|far:]NAME[@MODEL]=file>',
        'logits on images of other kinds; repeat it for each set, and for each model',
      ).argParser(repeated(oodFile)),
    )
    .addOption(
      new Option(
        '--validation-logits <[MODEL=]file>',
        'logits to fit temperatures on (default: a part of the test set, which is then not reported)',
      ).argParser(repeated(modelFile)),
    )
    .option('--validation-labels <file>', 'their labels')
    .option('-p, --probabilities', 'the files hold probabilities: log p(x) is then not defined')
    .option(
      '--classes <file|a,b,...>',
      'class names in the order of the columns, or a file with one per line',
    )
    .option('--dataset <name>', 'what the test set is called (default: test)')
    .option('--name <title>', 'title of the report, and name of the model if there is only one')
    .option('--bins <n>', 'bins of confidence (default: 15)', wholeNumber(1, 1000))
    .addOption(
      new Option('--top-k <k,...>', 'top-k accuracies besides top-1').argParser((text) =>
        commaList(text).map(wholeNumber(2)),
      ),
    )
    .addOption(new Option('--scores <id,...>', `OOD scores: ${usable().join(', ')}`).argParser(commaList))
    .addOption(
      new Option(
        '--recalibrators <name,...>',
        `what is fitted and compared beside the temperature: ${recalibratorTable.names.filter((name) => name !== 'temperature').join(', ')}`,
      ).argParser(commaList),
    )
    .addOption(pluginOption('a plug-in with scores for --scores: a file or an npm package'))
    .option('--suites <file>', 'measure the `suites` in this file, such as a run file, with their options')
    .option('--gates <file>', 'a YAML or JSON file with `gates:`, such as a run file')
    .option('--baseline <dir>', 'what gates with `over: blessed` compare with: made by `assay bless`')
    .option('--seed <s>', 'of every random draw (default: 0)', wholeNumber(0, 0xffffffff))
    .option('-o, --out <dir>', 'the run folder (default: assay-runs/NAME)')
    .addOption(confine())
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  $ assay score --logits logits.npy --labels labels.npy
  $ assay score --logits test.npz:logits --labels test.npz:labels --ood near:cifar100=c100.npy --ood far:svhn=svhn.npy
  $ assay score --probabilities --logits probs.csv --labels test.csv:label --classes cat,dog,owl
  $ assay score --logits test.npy --ood far:svhn=svhn.npy --plugin ./my-plugin.js --scores my-score
  $ assay score --logits base=base/test.npy --logits jem=jem/test.npy --labels labels.npy --gates gates.yaml \\
      --ood far:svhn@base=base/svhn.npy --ood far:svhn@jem=jem/svhn.npy

Saving what it reads, from Python:
  numpy.save('logits.npy', logits.cpu().numpy())      # before the softmax, (examples, classes)
  numpy.save('labels.npy', labels.cpu().numpy())      # (examples,), from 0`,
    )
    .action(async (flags: ScoreFlags) => {
      process.exitCode = await scoreFlags(flags);
    });
  for (const option of reporterOptions()) command.addOption(option);
  return command;
}

async function scoreFlags({ quiet, debug, reporter, outputFile, ...flags }: ScoreFlags): Promise<number> {
  const names = modelNames(flags.logits, flags.name);
  const { labels, validationLogits, validationLabels, dataset, name, probabilities, seed, out } = flags;
  const validation = validationFiles(validationLogits, validationLabels, names);
  const ood = oodSets(flags.ood ?? [], names);
  const classes = flags.classes === undefined ? undefined : await readClassNames(flags.classes);
  const gates = flags.gates === undefined ? undefined : await readRules(flags.gates);
  await checkSuiteFlags(flags);
  const { bins, topK, scores, recalibrators } = flags;
  const has = { labelled: labels !== undefined, ood: ood.length > 0, probabilities: probabilities ?? false };
  const suites =
    flags.suites === undefined
      ? usualSuites({ ...has, bins, topK, scores, recalibrators })
      : await readSuiteFile(flags.suites);
  const options = {
    logits: Object.fromEntries(names.map((model, i) => [model, flags.logits[i]!.file])),
    ...(labels !== undefined && { labels }),
    ...(dataset !== undefined && { dataset }),
    ...(ood.length > 0 && { ood }),
    ...(validation && { validation }),
    ...(classes && { classes }),
    ...(probabilities && { probabilities }),
    ...(name !== undefined && { name }),
    suites,
    ...(flags.plugin.length > 0 && { plugins: flags.plugin }),
    ...(gates && { gates, gatesFile: flags.gates }),
    ...(flags.baseline !== undefined && { baseline: flags.baseline }),
    ...(seed !== undefined && { seed }),
    ...(out !== undefined && { out }),
  };
  return interactiveRun(
    async (tools) => {
      // Loaded when it is needed: help should not wait for it.
      const { score } = await import('../../runs/score.js');
      return score({ ...options, ...tools });
    },
    { quiet, debug, reporter, outputFile, gatesFile: flags.gates ?? '' },
  );
}
