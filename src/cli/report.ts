import { join } from 'node:path';
import { Command } from 'commander';

/** `assay report DIR` */
export function reportCommand(): Command {
  return new Command('report')
    .summary('write the report of a run folder again')
    .description('Writes report.html, measures.csv and tables/*.tex again, from results.json alone.')
    .argument('<dir>', 'the run folder')
    .addHelpText('after', '\nExample:\n  $ assay report assay-runs/my')
    .action(async (directory: string) => {
      const { readResults } = await import('../runs/read-results.js');
      const { writeReport } = await import('../report/write-report.js');
      await writeReport(directory, await readResults(directory));
      process.stdout.write(`Report: ${join(directory, 'report.html')}\n`);
    });
}
