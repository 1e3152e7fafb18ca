import { Command, Option } from 'commander';
import { print } from '../terminal/terminal.js';

interface AuditFlags {
  json?: boolean;
  markdown?: boolean;
  allowPartial?: boolean;
}

/** `assay audit CLAIMS` */
export function auditCommand(): Command {
  return new Command('audit')
    .description(
      'Holds published numbers against run folders: reproduced, not reproduced, or not comparable since the run was made otherwise than the source says, with intervals and the likely cause. Ends with 0 when every claim is reproduced, 1 when one is not or could not be compared, 2 when nothing could be judged.',
    )
    .argument('<claims>', 'a YAML or JSON file with `claims:`')
    .option('--allow-partial', 'judge what there is, even of an interrupted run')
    .addOption(new Option('--json', 'print the audit as JSON').conflicts('markdown'))
    .option('--markdown', 'print the audit as a Markdown table')
    .addHelpText(
      'after',
      `
Examples:
  $ assay audit claims.yaml
  $ assay audit claims.yaml --markdown > audit.md

A claims file; where a run folder or a measure is looked up in is written as in gates:
  run: assay-runs/jem
  claims:
    - source: Grathwohl et al. 2020, Table 1
      value: 92.9%
      n: 10000
      measure: accuracy
      where: { model: jem, dataset: test }
    - source: Croce et al. 2021, Table 2
      value: 47.4%
      tolerance: 0.5%
      measure: robust-accuracy
      where: { model: jem, norm: Linf, epsilon: 8/255, method: autoattack }`,
    )
    .action(async (file: string, { json, markdown, allowPartial = false }: AuditFlags) => {
      const { readClaims } = await import('../../audit/claims-file.js');
      const { auditClaims } = await import('../../audit/audit.js');
      const { auditMarkdown, auditText } = await import('../../audit/present.js');
      const audit = await auditClaims(await readClaims(file), { allowPartial });
      if (json) print(`${JSON.stringify(audit, null, 2)}\n`);
      else print(markdown ? auditMarkdown(audit) : `${auditText(audit)}\n`);
      process.exitCode = audit.claims.every(({ outcome }) => outcome === 'reproduced') ? 0 : 1;
    });
}
