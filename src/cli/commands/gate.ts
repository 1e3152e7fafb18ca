import { join } from 'node:path';
import { Command } from 'commander';
import { sheetsIn } from '../../comparison/sheets.js';
import { evaluateGates } from '../../gate/evaluate.js';
import type { Evidence } from '../../gate/evidence.js';
import { evidenceOf } from '../../gate/gather.js';
import { allHold } from '../../gate/hold.js';
import { checkNames } from '../../gate/names.js';
import { placesIn } from '../../gate/places.js';
import { readRules } from '../../gate/rule-file.js';
import { gateTable } from '../../gate/table.js';
import { nameableInResults } from '../../runs/concluding/nameable.js';
import { judgedBaseline, readBaseline } from '../../runs/folder/baseline.js';
import { readResults, refuseReplaced } from '../../runs/folder/read-results.js';
import { refuseUnfit } from '../../runs/judging/judgeable.js';
import type { Results } from '../../suites/results.js';
import { commonRules, type JudgedRun, refuseTwice } from '../running/gate-runs.js';
import { gatesFileOf } from '../running/gates-file.js';
import { projectRoot } from '../terminal/github.js';
import { type ReporterFlags, reporterOptions, startReporting } from '../terminal/reporting.js';
import { print } from '../terminal/terminal.js';

interface GateFlags extends ReporterFlags {
  gates?: string;
  baseline?: string;
  json?: boolean;
  allowPartial?: boolean;
}

/** `assay gate DIR...` */
export function gateCommand(): Command {
  const command = new Command('gate')
    .description(
      'Judges the measures of a run folder by the gates of its run file, or of another file. Ends with 0 when all hold (those of `level: warn` may not), 1 when one fails, 2 when there is nothing to judge: no gates, a damaged baseline, or results that are partial, edited, limited to some examples, or not those of the run file. A gate fails when its measure is missing, when several measures fit it, or when what it is compared with is not of the same thing. Of several folders, those of seeds for instance, each is judged, or with `aggregate` all as one.',
    )
    .argument('<dir...>', 'the run folder, or several')
    .option('--gates <file>', 'a YAML or JSON file with `gates:`, such as a run file')
    .option('--baseline <dir>', 'what gates with `over: blessed` compare with: made by `assay bless`')
    .option('--allow-partial', 'judge what there is, even of an interrupted run or one with --limit')
    .option('--json', 'print the verdicts as JSON: --reporter json')
    .addHelpText(
      'after',
      `
Examples:
  $ assay gate assay-runs/my
  $ assay gate assay-runs/my --gates release-gates.yaml
  $ assay gate assay-runs/my --baseline assay-baseline
  $ assay gate assay-runs/seed-0 assay-runs/seed-1 assay-runs/seed-2 --gates seeds.yaml
  $ assay gate assay-runs/my --reporter junit --outputFile assay.xml       for GitLab, Jenkins
  $ assay gate assay-runs/my --reporter markdown > comment.md              for a pull request

A gates file (docs/gates.md has an example of every rule):
  gates:
    - { measure: robust-accuracy, where: { model: jem, epsilon: 8/255 }, min: 0.35, confidently: true }
    - { measure: ece, where: { model: jem }, maxIncrease: 0.01, over: baseline }
    - { measure: accuracy, where: { model: jem }, over: blessed, notWorse: significantly }
    - { measure: accuracy, where: { model: jem }, over: blessed, notWorseBy: 0.01, level: warn }
    - { noWarnings: serious }`,
    )
    .action(async (directories: string[], flags: GateFlags) => {
      const { gates: file, baseline: blessed, allowPartial = false } = flags;
      const reporting = await startReporting(withJson(flags));
      const runs: JudgedRun[] = [];
      for (const directory of directories) {
        const results = await readResults(directory);
        await refuseUnfit(directory, results, { allowPartial, allowStopped: true });
        runs.push({ directory, results });
      }
      refuseTwice(runs);
      const rules = file ? await readRules(file) : commonRules(runs);
      for (const { directory, results } of runs)
        checkNames(rules, nameableInResults(results), file ?? join(directory, 'results.json'));
      const baseline = blessed === undefined ? undefined : judgedBaseline(await readBaseline(blessed));
      const evidence: Evidence[] = [];
      for (const { directory, results } of runs)
        evidence.push({
          ...(await evidenceOf(rules, { results, sheets: sheetsIn(directory) }, baseline)),
          // Whoever allows partial results wants them judged.
          status: 'complete',
          ...(runs.length > 1 && { run: directory }),
        });
      const verdicts = await evaluateGates(rules, evidence);
      for (const { directory, results } of runs) await refuseReplaced(directory, results);
      if (!reporting.toOutput) print(`${gateTable(verdicts)}\n`);
      await reporting.report(async () => {
        const placeOf = await placesIn(file ?? (await gatesFileOf(runs[0]!.directory)), rules, projectRoot());
        // What is missing of results that may be partial fails nothing, in no view of the verdicts.
        const [first, ...others] = runs.map(({ results }) =>
          allowPartial ? { ...results, errors: [] } : results,
        ) as [Results, ...Results[]];
        return { runs: [first, ...others], gates: verdicts, placeOf };
      });
      process.exitCode = allHold(verdicts) ? 0 : 1;
    });
  for (const option of reporterOptions()) command.addOption(option);
  return command;
}

const withJson = ({ json, reporter = [], outputFile }: GateFlags): ReporterFlags => ({
  reporter: json ? [...reporter, 'json'] : reporter,
  outputFile,
});
