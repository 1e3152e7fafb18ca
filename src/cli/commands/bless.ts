import { Command } from 'commander';
import { gateSummary } from '../../gate/present.js';
import { oneLine } from '../../one-line.js';
import { bless } from '../../runs/judging/bless.js';
import { print } from '../terminal/terminal.js';

/** `assay bless DIR` */
export function blessCommand(): Command {
  return new Command('bless')
    .description(
      'Makes the results of a run folder the baseline that later releases are compared with: copies results.json and the CSV files that its measures are made from, with the commit and the date. An earlier baseline in the same place is replaced as a whole. Refused with 2: results that are partial, edited, limited to some examples, or not those of the run file.',
    )
    .argument('<dir>', 'the run folder of the release')
    .option('--to <baseline>', 'the folder of the baseline', 'assay-baseline')
    .addHelpText(
      'after',
      `
Examples:
  $ assay bless assay-runs/my                                  writes assay-baseline/
  $ assay run my.run.yaml --baseline assay-baseline            later: gates with \`over: blessed\` compare with it
  $ assay gate assay-runs/my --baseline assay-baseline

A gate on it:
  - { measure: accuracy, where: { model: jem }, over: blessed, notWorse: significantly }`,
    )
    .action(async (directory: string, { to }: { to: string }) => {
      const { results, record } = await bless(directory, to);
      const { gates, systems } = results;
      const about = [
        systems.map(({ name }) => name).join(', '),
        ...(record.commit === undefined ? [] : [`commit ${record.commit}`]),
        `run ${record.key.slice(0, 12)}`,
        ...(gates.length > 0 ? [gateSummary(gates)] : []),
      ];
      print(`Blessed: ${oneLine(about.join('; '))}. Baseline: ${oneLine(to)}\n`);
    });
}
