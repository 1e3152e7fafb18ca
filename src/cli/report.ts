import { join } from 'node:path';
import { Command } from 'commander';
import { writeReport } from '../report/write-report.js';
import { readResults } from '../runs/read-results.js';

/** `assay report DIR` */
export function reportCommand(): Command {
  return new Command('report')
    .summary('write the report of a run folder again')
    .description('Writes report.html, measures.csv and tables/*.tex again, from results.json alone.')
    .argument('<dir>', 'the run folder')
    .addHelpText('after', '\nExample:\n  $ assay report assay-runs/my')
    .action(async (directory: string) => {
      await writeReport(directory, await readResults(directory));
      process.stdout.write(`Report: ${join(directory, 'report.html')}\n`);
    });
}
