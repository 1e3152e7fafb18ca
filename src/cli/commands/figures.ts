import { join } from 'node:path';
import { Command } from 'commander';
import { AssayError } from '../../errors.js';
import { complain, print } from '../terminal/terminal.js';

/** `assay figures DIR` */
export function figuresCommand(): Command {
  return new Command('figures')
    .description(
      'Writes every plot of the report as SVG and as PDF (vectors, with text as text), and what it is drawn from: its data as CSV, and a Vega-Lite specification with data, style and legend; every grid of images as one PNG. From results.json and images/ alone.',
    )
    .argument('<dir>', 'the run folder')
    .option('-o, --out <folder>', 'where to; default: figures/ in the run folder')
    .addHelpText(
      'after',
      `
Examples:
  $ assay figures assay-runs/my                      # assay-runs/my/figures/attack-curve.svg, .pdf, .csv, .vl.json, ...
  $ assay figures assay-runs/my --out paper/figures`,
    )
    .action(async (directory: string, { out = join(directory, 'figures') }: { out?: string }) => {
      const { readResults } = await import('../../runs/folder/read-results.js');
      const { sealHolds } = await import('../../runs/plan/seal.js');
      const { renderFigures } = await import('../../report/figures/render.js');
      const { writeAtomically } = await import('../../report/output.js');
      const results = await readResults(directory);
      if (!sealHolds(results)) complain(`! ${directory}: results.json was changed after a run wrote it\n`);
      let count = 0;
      for await (const figure of renderFigures(results, directory)) {
        if ('failed' in figure) {
          complain(`! ${figure.name} is left out: ${figure.failed}\n`);
          continue;
        }
        if (figure.lacks !== undefined) complain(`! ${figure.name} lacks ${figure.lacks}\n`);
        for (const file of figure.files) await writeAtomically(join(out, file.path), file.content);
        count++;
      }
      if (count === 0) {
        throw new AssayError('not-measured', 'these results have no plots', {
          file: join(directory, 'results.json'),
          hint: 'add suites to the run file and run it again: attack, ood and calibration draw some',
        });
      }
      print(`Figures: ${count} in ${out}\n`);
    });
}
