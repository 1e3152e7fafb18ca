import { definedLoss } from '../../src/attack.js';
import type { Catalogue, Warning } from '../../src/suite.js';
import type { AttackResult } from './result.js';

/** What to know about how a system was attacked, nothing being wrong with it. */
export function attackNotes(suite: string, result: AttackResult, { followed }: Catalogue): Warning[] {
  const on = { suite, model: result.system.name, dataset: result.dataset.name, severity: 'note' as const };
  return [...lossReplaced(result, followed), ...draws(result), ...shortened(result)].map((note) => ({
    ...on,
    ...note,
  }));
}

type Note = Omit<Warning, 'severity' | 'suite' | 'model' | 'dataset'>;

function lossReplaced({ params, system }: AttackResult, followed: Catalogue['followed']): Note[] {
  const classes = system.classes.length;
  const replaced = params.attacks.filter(({ loss }) => definedLoss(loss, classes, followed) !== loss);
  return replaced.map(({ method, loss }) => ({
    code: 'loss-replaced',
    message: `${method}: "${loss}" needs more classes than ${classes}: "${definedLoss(loss, classes, followed)}" was attacked`,
  }));
}

function draws({ system, params, byAttack }: AttackResult): Note[] {
  if (!system.stochastic) return [];
  const searching = byAttack.some(({ cost }) => cost.naiveGradient.value === 0);
  return [
    {
      code: 'stochastic-verdict',
      message: `"${system.name}" draws at random: gradients are means over ${params.eot} draws, and an example is broken when the mean logits of these ${params.confirm > 0 ? `and of ${params.confirm} fresh draws are both` : 'are'} wrong at some step`,
      why: `one wrong draw would count any noisy system as broken; gradients through the defence are approximate, so the robust accuracy is an upper bound${searching ? '; and searches such as Square were made for deterministic systems' : ''}`,
      fix: 'raise `eot`, `confirm`, `steps` and `restarts` until the number stops falling',
    },
    ...(params.confirm === 0
      ? [
          {
            code: 'verdicts-unconfirmed',
            message: `"${system.name}" draws at random, and its examples count as broken by a single evaluation (\`confirm: 0\`)`,
            why: 'among many evaluations one is wrong by luck: robust accuracy is understated where the stored image is classified correctly again',
            fix: 'leave `confirm` at its default of 8; the flag not-reproduced says how many verdicts fall',
          },
        ]
      : []),
  ];
}

function shortened({ about, label }: AttackResult): Note[] {
  if (about.version !== 'fast') return [];
  return [
    {
      code: 'shortened-attack',
      message: `${label} leaves out parts of the standard AutoAttack`,
      why: 'its robust accuracy can be higher than that of the standard version, with which it is not comparable',
      fix: 'publish numbers of `version: standard`; docs/attacks.md says how often verdicts differed',
    },
  ];
}
