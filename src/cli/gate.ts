import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { check } from '../config/validate.js';
import { refuseNone } from '../gate/check-rules.js';
import { evaluateGates } from '../gate/evaluate.js';
import { allHold } from '../gate/hold.js';
import { checkNames } from '../gate/names.js';
import { placesIn } from '../gate/places.js';
import { GateRules } from '../gate/rule.js';
import { readRules } from '../gate/rule-file.js';
import { gateTable } from '../gate/table.js';
import { refuseUnfit } from '../runs/judgeable.js';
import { nameableInResults } from '../runs/nameable.js';
import { readResults } from '../runs/read-results.js';
import { readRunRecord } from '../runs/run-record.js';
import { projectRoot } from './github.js';
import { type ReporterFlags, reporterOptions, startReporting } from './reporting.js';
import { print } from './terminal.js';

interface GateFlags extends ReporterFlags {
  gates?: string;
  json?: boolean;
  allowPartial?: boolean;
}

/** `assay gate DIR` */
export function gateCommand(): Command {
  const command = new Command('gate')
    .description(
      'Judges the measures of a run folder by the gates of its run file, or of another file. Ends with 0 when all hold, 1 when one fails, 2 when there is nothing to judge: no gates, or results that are partial, edited, limited to some examples, or not those of the run file. A gate fails when its measure is missing or when several measures fit it.',
    )
    .argument('<dir>', 'the run folder')
    .option('--gates <file>', 'a YAML or JSON file with `gates:`, such as a run file')
    .option('--allow-partial', 'judge what there is, even of an interrupted run or one with --limit')
    .option('--json', 'print the verdicts as JSON: --reporter json')
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate assay-runs/my
  $ assay gate assay-runs/my --gates release-gates.yaml
  $ assay gate assay-runs/my --reporter junit --outputFile assay.xml       for GitLab, Jenkins
  $ assay gate assay-runs/my --reporter markdown > comment.md              for a pull request

A gates file:
  gates:
    - { measure: robust-accuracy, where: { model: jem, epsilon: 8/255 }, min: 0.35 }
    - { measure: ece, where: { model: jem }, maxIncrease: 0.01, over: baseline }`,
    )
    .action(async (directory: string, flags: GateFlags) => {
      const { gates: file, allowPartial = false } = flags;
      const reporting = await startReporting(withJson(flags));
      const results = await readResults(directory);
      await refuseUnfit(directory, results, { allowPartial });
      const rules = file ? await readRules(file) : rulesOf(results.config, directory);
      checkNames(rules, nameableInResults(results), file ?? join(directory, 'results.json'));
      const verdicts = await evaluateGates(rules, { ...results, status: 'complete' });
      if (!reporting.toOutput) print(`${gateTable(verdicts)}\n`);
      const placeOf = await placesIn(file ?? (await gatesFileOf(directory)), rules, projectRoot());
      await reporting.report({ results, gates: verdicts, placeOf });
      process.exitCode = allHold(verdicts) ? 0 : 1;
    });
  for (const option of reporterOptions()) command.addOption(option);
  return command;
}

const withJson = ({ json, reporter = [], outputFile }: GateFlags): ReporterFlags => ({
  reporter: json ? [...reporter, 'json'] : reporter,
  outputFile,
});

/** The run file, or where there was none, what keeps the gates. */
async function gatesFileOf(directory: string): Promise<string> {
  const record = await readRunRecord(directory);
  return record?.runFile ? resolve(directory, record.runFile.path) : join(directory, 'results.json');
}

/** The gates of the run file that made the results. */
function rulesOf(config: unknown, directory: string) {
  const file = join(directory, 'results.json');
  const { gates } = check(GateRules, config, { file, what: 'configuration of the run' });
  refuseNone(gates, file);
  return gates;
}
