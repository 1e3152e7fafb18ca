import { Command, InvalidArgumentError, Option } from 'commander';
import { type Condition, conditionNames } from '../../comparison/conditions.js';
import { repeated } from '../options/option-values.js';
import { print } from '../terminal/terminal.js';

interface CompareFlags {
  as?: ReadonlyMap<string, string>;
  measure?: string[];
  all?: boolean;
  allow?: ReadonlySet<Allowance>;
  failOn?: 'worse';
  json?: boolean;
  out?: string;
}

const tolerances = ['partial', 'edited'] as const;
type Allowance = Condition | (typeof tolerances)[number];
const allowances: readonly Allowance[] = [...conditionNames, ...tolerances];

/** `assay compare DIR...` */
export function compareCommand(): Command {
  return new Command('compare')
    .description(
      'Compares models of run folders measure by measure, on the examples that both saw: the difference with its interval, a paired test, and which examples flipped. The first folder is what the others are compared with; of a single folder, the first model. Measures are compared only where data, parameters, options and versions agree, and the others are listed with what differs. Ends with 0 when something was compared, 2 when nothing could be, and 1 only with --fail-on worse.',
    )
    .argument('<dir...>', 'run folders; DIR:MODEL for one model of a folder')
    .option('--as <old=new>', 'a model of the first folder is called otherwise in the others', renaming)
    .option('--measure <name>', 'only this measure; may be given several times', repeated(String))
    .option(
      '--all',
      'every measure, not only those of the headline table: p values are corrected for all of them',
    )
    .option(
      '--allow <what>',
      `compare although this differs: ${allowances.join(', ')}; several by commas`,
      allowing,
    )
    .addOption(
      new Option(
        '--fail-on <verdict>',
        'end with 1 when a measure is worse, with 2 when one could not be compared',
      ).choices(['worse']),
    )
    .option('--json', 'print the comparison as JSON')
    .option(
      '-o, --out <dir>',
      'also write comparison.html, with pictures of flipped examples, and the numbers as CSV and JSON',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ assay compare assay-runs/v1 assay-runs/v2
  $ assay compare assay-runs/v1 assay-runs/v2 --as jem=jem-2 --out v1-v2
  $ assay compare assay-runs/v2                     the models of one run
  $ assay compare assay-runs/v2:plain assay-runs/v2:jem --measure robust-accuracy`,
    )
    .action(async (typed: string[], flags: CompareFlags) => {
      const { namedSide, pairSides } = await import('../../across/sides.js');
      const { namesApart, openRunFolder } = await import('../../across/run-folder.js');
      const { compareRuns } = await import('../../across/compare-runs.js');
      const { comparisonText } = await import('../../across/text.js');
      const named = typed.map(namedSide);
      const allowed = (what: Allowance) => flags.allow?.has(what) ?? false;
      const tolerated = {
        partial: allowed('partial'),
        edited: allowed('edited'),
        options: { partial: '--allow partial', edited: '--allow edited' },
      };
      const directories = [...new Set(named.map(({ directory }) => directory))];
      const opened = [];
      for (const directory of directories) opened.push(await openRunFolder(directory, tolerated));
      const names = namesApart(directories);
      const folders = opened.map((folder, i) => ({ ...folder, name: names[i]! }));
      const chosen = named.map(({ directory, model }) => ({
        run: folders[directories.indexOf(directory)]!,
        ...(model !== undefined && { model }),
      }));
      const { pairs, alone } = pairSides(chosen, flags.as ?? new Map());
      const comparison = await compareRuns(folders, pairs, {
        ...(flags.measure && { measures: flags.measure }),
        ...(flags.all && { all: true }),
        edited: tolerated.edited,
        allowed: new Set(conditionNames.filter(allowed)),
      });
      if (flags.json) print(`${JSON.stringify(comparison, null, 2)}\n`);
      else
        print(`${[comparisonText(comparison), ...alone.map((one) => `${one}: not compared.`)].join('\n')}\n`);
      if (flags.out !== undefined) {
        const { writeComparison } = await import('../../across/write-outputs.js');
        const page = await writeComparison(flags.out, comparison, folders);
        if (!flags.json) print(`Page: ${page}\n`);
      }
      if (flags.failOn) process.exitCode = failure(comparison.rows.map(({ verdict }) => verdict));
    });
}

/** What cannot be compared might be worse. */
function failure(verdicts: readonly string[]): number {
  if (verdicts.includes('worse')) return 1;
  return verdicts.includes('not comparable') ? 2 : 0;
}

function renaming(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError('Expected OLD=NEW.');
  return new Map(before).set(text.slice(0, at), text.slice(at + 1));
}

function allowing(text: string, before: ReadonlySet<Allowance> = new Set()): Set<Allowance> {
  const names = text.split(',').map((name) => name.trim());
  const known = new Set<string>(allowances);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`"${unknown}" is not one of ${allowances.join(', ')}.`);
  return new Set([...before, ...names.map((name) => name as Allowance)]);
}
