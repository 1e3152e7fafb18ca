import type { Table, Warning } from '../../src/suite.js';
import { flags } from './flags.js';
import type { PurificationResult } from './result.js';

/** All flags, at every number of steps, with what was seen. */
export function flagsTable(result: PurificationResult): Table {
  const { system, dataset, steps } = result;
  const panel = flags.map((flag) => ({
    flag,
    looked: steps.flatMap((count, k) => {
      const finding = flag.look(result, k);
      return finding ? [{ ...finding, count }] : [];
    }),
  }));
  const unseen = panel.filter(({ looked }) => looked.length === 0);
  return {
    id: `purification-flags-${dataset.name}-${system.name}`,
    title: `Can the numbers of ${system.name} behind purification be trusted? ${dataset.name}`,
    ...(unseen.length > 0 && {
      caption: `Not looked at, for want of attacks, draws or diagnostics: ${unseen.map(({ flag }) => flag.code).join(', ')}.`,
    }),
    folded: true,
    columns: [
      { key: 'flag', title: 'flag', format: 'text' },
      { key: 'when', title: 'raised when', format: 'text' },
      { key: 'seen', title: 'seen, by SGLD steps', format: 'text' },
      { key: 'raised', title: 'raised', format: 'text' },
    ],
    rows: panel.flatMap(({ flag, looked }) => {
      if (looked.length === 0) return [];
      const raised = looked.filter((one) => one.raised).map(({ count }) => count);
      return [
        {
          flag: flag.code,
          when: flag.when,
          seen: looked.map(({ count, seen }) => `${count}: ${seen}`).join('; '),
          raised: raised.length > 0 ? `at ${raised.join(', ')}` : 'no',
        },
      ];
    }),
  };
}

/** What must not be read into the numbers: a warning per flag that is raised, and what no attack can show. */
export function purificationWarnings(suite: string, result: PurificationResult): Warning[] {
  const { system, dataset, steps, rungs } = result;
  const on = { suite, model: system.name, dataset: dataset.name };
  const full = rungs.some(({ climb }) => climb.rung.name !== 'bpda');
  return [
    {
      ...on,
      code: 'purification-upper-bound',
      severity: 'note',
      message: `robust accuracies of "${system.name}" behind purification are upper bounds`,
      why: full
        ? 'more steps, restarts and draws may break more'
        : 'the attack differentiates as if purification were the identity, and averages few draws; gradients through the whole chain, more draws and more steps are stronger',
      fix: full
        ? 'raise `adaptive.steps`, `adaptive.eot` and `adaptive.examples`, or set `protocol: strong`, until the number stops falling'
        : 'set `protocol: strong`, or add to `ladder` and raise `adaptive.steps`, `adaptive.eot` and `adaptive.examples` until the number stops falling',
    },
    ...flags.flatMap(({ code, severity, why, fix, look }): Warning[] => {
      const raised = steps.flatMap((count, k) => {
        const finding = look(result, k);
        return finding?.raised ? [`${count} step${count === 1 ? '' : 's'}: ${finding.seen}`] : [];
      });
      if (raised.length === 0) return [];
      return [
        { ...on, code, severity, message: `"${system.name}" purified, at ${raised.join('; at ')}`, why, fix },
      ];
    }),
  ];
}
